// What people say of an answer. Below each answer stand links, of which this makes buttons that open a form.

const { make, tell } = window.whosaid;
const find = selector => element.querySelector(selector);
const DIALOG = find('.ws-dialog');
const LINKS = '#chat a[href*="#feedback-"]';
const TITLES = { good: 'Good to know', speaker: 'Who did say it?', group: 'Whose article is it?', answer: 'What would answer it?' };
const RIGHT = { speaker: 'The right speaker, if you know it', group: 'The right group, if you know it', answer: 'The sentence that answers it, if you know it' };

let open = null; // the turn and verdict of the form
let opener = null;
let seen = 0;

function act(link) {
  const [turn, verdict] = link.getAttribute('href').split('#feedback-')[1].split('-');
  show(Number(turn), verdict, link);
}

function show(turn, verdict, from) {
  open = { turn, verdict };
  opener = from;
  const message = from.closest('.message') || document;
  const quotes = [...message.querySelectorAll('blockquote')];
  find('#ws-feedback-title').textContent = TITLES[verdict];
  const questions = document.querySelectorAll('#chat [data-testid="user"]');
  find('.ws-feedback-question').textContent = questions[turn] ? questions[turn].innerText : '';
  find('.ws-feedback-number').hidden = verdict === 'good' || verdict === 'answer' || quotes.length < 2;
  find('select').replaceChildren(...quotes.map((quote, at) => {
    const choice = make('option', '', `${at + 1}: ${quote.innerText.slice(0, 70)}`);
    choice.value = String(at + 1);
    return choice;
  }));
  find('.ws-feedback-right').hidden = verdict === 'good';
  find('.ws-feedback-right span').textContent = RIGHT[verdict] || '';
  find('.ws-feedback-nobody').hidden = verdict !== 'answer';
  find('.ws-feedback-nobody input').checked = false;
  for (const box of element.querySelectorAll('textarea')) box.value = '';
  find('.ws-feedback-said').textContent = '';
  find('.ws-send').disabled = false;
  DIALOG.showModal();
}

function send() {
  if (!open) return;
  const { turn, verdict } = open;
  const aboutOne = verdict === 'speaker' || verdict === 'group';
  find('.ws-send').disabled = true;
  tell('feedback-act', JSON.stringify({
    turn, verdict, number: aboutOne ? Number(find('select').value) || 0 : 0, right: find('.ws-feedback-right textarea').value,
    note: find('.ws-feedback-note textarea').value, nobody: find('.ws-feedback-nobody input').checked, at: Date.now(),
  }));
}

function said() {
  const value = props.value || { number: 0, thanks: '', problem: '' };
  if (!value.number || value.number === seen) return;
  seen = value.number;
  find('.ws-feedback-said').textContent = value.problem || value.thanks;
  find('.ws-send').disabled = !value.problem;
  if (!value.problem) setTimeout(close, 1200);
}

function close() {
  if (DIALOG.open) DIALOG.close();
}

DIALOG.addEventListener('close', () => {
  open = null;
  if (opener && opener.isConnected) opener.focus();
});
find('.ws-send').addEventListener('click', send);
find('.ws-cancel').addEventListener('click', close);
find('form').addEventListener('submit', event => event.preventDefault());

function nameLinks() {
  for (const link of document.querySelectorAll(LINKS)) {
    if (link.hasAttribute('role')) continue;
    link.setAttribute('role', 'button');
    link.setAttribute('aria-haspopup', 'dialog');
  }
}
new MutationObserver(nameLinks).observe(document.querySelector('#chat') || document.body, { childList: true, subtree: true });

document.addEventListener('click', event => {
  const link = event.target.closest && event.target.closest(LINKS);
  if (!link || !element.isConnected) return;
  event.preventDefault();
  event.stopPropagation();
  act(link);
}, true);

document.addEventListener('keydown', event => {
  const link = event.key === ' ' && event.target.closest && event.target.closest(LINKS);
  if (!link || !element.isConnected) return;
  event.preventDefault();
  act(link);
});

watch('value', said);
nameLinks();
