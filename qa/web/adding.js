// What people give to be read, and what was understood of it, to be corrected and added. Gradio runs this once, with
// `element`, `props`, `server` (functions of ours in Python), `upload` and `watch`. Words of articles and people come as
// data and are put in as plain text and values, never as markup. The template never changes, so nothing that is built
// here is overwritten.

const find = selector => element.querySelector(selector);
const GONE = 'The server does not answer. Is whosaid still running?';
const TITLES = {
  waiting: ['Add articles', 'The articles are not open yet. You can add others as soon as they are.'],
  nothing: ['Add articles', 'Give files, a link or a text. You see what was understood of it, and can correct it, before anything is added.'],
  reading: ['Reading', 'Nothing is added before you have seen it.'],
  adding: ['Adding', 'You can go on asking meanwhile. If you stop, everything stays as it was.'],
};
const waits = new Set(); // corrections on their way
let step = '';
let given = []; // files to read: name, words, the path of the copy once it is there, the problem where there is one

function make(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children.filter(child => child !== '' && child !== null));
  return made;
}

const articles = number => (number === 1 ? '1 article' : number.toLocaleString('en') + ' articles');

// ---- what is given

function give(files) {
  for (const file of files) {
    const ending = (file.name.match(/\.[^.]+$/) || [''])[0].toLowerCase();
    const row = { name: file.name, path: '', words: size(file.size), problem: '' };
    given.push(row);
    if (!props.value.endings.includes(ending)) row.problem = 'can’t be read: expected ' + props.value.endings.join(', ');
    else if (file.size > props.value.largest) row.problem = 'has ' + size(file.size) + '; expected at most ' + size(props.value.largest);
    else row.sent = sent(row, file);
  }
  drawGiven();
}

async function sent(row, file) {
  try {
    row.path = (await upload(file)).path;
  } catch (error) {
    row.problem = 'could not be taken over; is whosaid still running?';
  }
  drawGiven();
}

const size = bytes => (bytes < 1e6 ? Math.max(1, Math.round(bytes / 1024)) + ' KB' : Math.round(bytes / 1024 / 1024) + ' MB');

function drawGiven() {
  find('.ws-given').replaceChildren(...given.map((row, at) => {
    const words = row.problem || (row.path ? row.words : 'one moment …');
    const remove = make('button', 'ws-remove', '×');
    remove.type = 'button';
    remove.dataset.at = at;
    remove.setAttribute('aria-label', 'Remove ' + row.name);
    return make('li', row.problem ? 'ws-refused' : '', make('span', 'ws-given-name', row.name), make('span', 'ws-meta', words), remove);
  }));
  find('.ws-given').hidden = !given.length;
}

async function read() {
  const button = find('.ws-add-read'), text = find('#ws-pasted').value;
  if (text.length > props.value.longest) {
    alert('The text is longer than ' + props.value.longest.toLocaleString('en') + ' characters. Save it as a .txt file and drop that here.');
    return;
  }
  button.disabled = true;
  await Promise.all(given.map(row => row.sent));
  button.disabled = false;
  const files = given.map(row => row.path).filter(Boolean);
  given = given.filter(row => row.problem && !files.length && !text.trim()); // they are said again only where nothing else is read
  act('read', { files, text });
  drawGiven();
}

const GIVE = find('.ws-add-give');
find('#ws-files').addEventListener('change', event => {
  give(event.target.files);
  event.target.value = ''; // so that the same file can be chosen again
});
for (const kind of ['dragenter', 'dragover', 'dragleave', 'drop']) {
  element.addEventListener(kind, event => {
    if (GIVE.hidden || !event.dataTransfer || !event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    GIVE.classList.toggle('ws-dragged', kind === 'dragenter' || kind === 'dragover');
    if (kind === 'drop') give(event.dataTransfer.files);
  });
}

// ---- cards

function field(card, row) {
  const id = 'ws-field-' + card.at + '-' + row.name;
  const label = make('label', '', row.label);
  label.htmlFor = id;
  const input = make('input', '');
  input.id = id;
  input.type = 'text';
  input.autocomplete = 'off';
  input.maxLength = 2000;
  input.dataset.at = card.at;
  input.dataset.name = row.name;
  input.setAttribute('aria-describedby', id + '-note');
  if (row.name === 'group') input.setAttribute('list', 'ws-known-groups');
  if (row.name === 'published') input.placeholder = '2025, 2025-10 or 2025-10-08';
  if (row.name === 'url') input.inputMode = 'url';
  const note = make('p', '');
  note.id = id + '-note';
  const made = make('div', 'ws-field', make('div', 'ws-field-head', label, note), input);
  note.setAttribute('aria-live', 'polite');
  show(made, row);
  return made;
}

function show(made, row) {
  const input = made.querySelector('input');
  if (input.value !== row.value) input.value = row.value;
  input.setAttribute('aria-invalid', String(row.known === 'wrong'));
  made.dataset.known = row.known;
  made.dataset.name = row.name;
  made.querySelector('p').textContent = row.note;
}

function drawn(card) {
  const keep = make('input', '');
  keep.type = 'checkbox';
  keep.checked = !card.left_out;
  keep.dataset.at = card.at;
  const facts = make('span', 'ws-meta', card.source + ' · ' + card.words);
  const head = make('label', 'ws-add-keep', keep, make('span', '', make('span', 'ws-add-number', 'Article ' + (card.at + 1)), facts));
  const made = make('li', 'ws-add-card', head);
  if (card.digest) made.append(make('p', 'ws-notice', card.digest));
  const fields = make('fieldset', 'ws-fields', ...card.fields.map(row => field(card, row)));
  fields.setAttribute('aria-label', 'Article ' + (card.at + 1));
  made.append(fields, make('p', 'ws-words ws-add-beginning', card.beginning));
  leave(made, card.left_out);
  return made;
}

function leave(card, out) {
  card.classList.toggle('ws-left-out', out);
  card.querySelector('fieldset').disabled = out;
}

function lines(list, rows) {
  list.replaceChildren(...rows.map(row => make('li', '', row)));
  list.hidden = !rows.length;
}

function count() {
  const left = element.querySelectorAll('.ws-add-keep input:not(:checked)').length;
  const kept = (props.value.total || 0) - left;
  find('.ws-add-go').textContent = 'Add ' + articles(kept);
  find('.ws-add-go').disabled = !kept;
}

// ---- the whole

function draw() {
  const value = props.value || { step: 'waiting' };
  const before = step;
  step = value.step;
  const working = step === 'reading' || step === 'adding';
  const [title, hint] = TITLES[step] || (step === 'read'
    ? [articles(value.total) + ' understood', 'Look through what is known of each, and put right what is wrong. An empty field stands for unknown.']
    : [value.outcome, value.rows.length ? 'Open one here, or ask about it in the chat.' : '']);
  find('.ws-add-title').textContent = title;
  find('.ws-add-hint').textContent = hint;
  alert(value.problem || '');
  find('.ws-add-note').textContent = value.note || '';
  find('.ws-add-note').hidden = !value.note;
  find('.ws-add-give').hidden = step !== 'nothing';
  find('#ws-files').accept = (value.endings || []).join(',');
  if (step === 'read') find('#ws-pasted').value = ''; // what gave no article is kept, to be put right
  find('.ws-add-work').hidden = !working;
  if (working) {
    const doing = find('.ws-doing'), bar = find('.ws-bar'), known = value.percent !== null;
    if (doing.textContent !== value.doing) doing.textContent = value.doing;
    bar.firstElementChild.className = known ? '' : 'ws-unknown';
    bar.firstElementChild.style.width = known ? value.percent + '%' : '';
    if (known) bar.setAttribute('aria-valuenow', value.percent);
    else bar.removeAttribute('aria-valuenow');
    find('.ws-add-stop').disabled = value.doing === 'Stopping';
    if (before === step) return;
  }
  lines(find('.ws-add-unread'), value.unread || []);
  find('#ws-known-groups').replaceChildren(...(value.groups || []).map(name => Object.assign(document.createElement('option'), { value: name })));
  find('.ws-add-cards').replaceChildren(...(value.cards || []).map(drawn));
  find('.ws-add-more').textContent = value.more || '';
  find('.ws-add-more').hidden = !value.more;
  lines(find('.ws-add-notices'), value.notices || []);
  find('.ws-add-rows').replaceChildren(...(value.rows || []).map(added));
  find('.ws-add-rows').hidden = !(value.rows || []).length;
  find('.ws-add-foot').hidden = step !== 'read' && step !== 'added';
  find('.ws-add-go').hidden = step !== 'read';
  find('.ws-add-clear').textContent = step === 'added' ? 'Add more' : 'Clear';
  if (step === 'read') count();
  if (before && before !== step) moveFocus(working);
  else if (value.problem && step === 'read') toWrong();
}

function added(row) {
  const button = make('button', 'ws-row', make('span', 'ws-row-title', row.title), make('span', 'ws-meta', row.meta));
  button.type = 'button';
  button.dataset.cite = row.link; // the panel opens it
  return make('li', '', button);
}

function alert(text) {
  const place = find('.ws-add-alert');
  if (place.textContent !== text) place.replaceChildren(...(text ? [make('p', 'ws-complaint', text)] : []));
}

// What had the focus is gone with its step; somebody who is elsewhere on the page is left alone there.
function moveFocus(working) {
  const now = document.activeElement;
  if (now && now !== document.body && !element.contains(now)) return;
  (working ? find('.ws-add-stop') : find('.ws-add-title')).focus({ preventScroll: true });
  find('.ws-add-head').scrollIntoView({ block: 'nearest' });
}

// A field that can't be used says so itself; any other problem stands above.
function toWrong() {
  const wrong = find('.ws-add-card:not(.ws-left-out) [aria-invalid="true"]');
  if (wrong) wrong.focus();
  else find('.ws-add-head').scrollIntoView({ block: 'nearest' });
}

// ---- what people do

async function tell(what, call, done) {
  const told = call({ token: props.value.token, ...what }).then(
    reply => (reply && !reply.problem ? done(reply) : alert(reply ? reply.problem : GONE)), // Gradio gives nothing rather than an error
    () => alert(GONE),
  );
  waits.add(told);
  await told;
  waits.delete(told);
}

element.addEventListener('change', event => {
  const input = event.target, card = input.closest('.ws-add-card');
  if (!card) return;
  const at = Number(input.dataset.at);
  if (input.type === 'checkbox') {
    leave(card, !input.checked);
    count();
    tell({ at, out: !input.checked }, server.leave_out, () => {});
  } else {
    const made = input.closest('.ws-field');
    tell({ at, name: input.dataset.name, value: input.value }, server.correct, row => show(made, row));
  }
});

// A button's errand goes to Python through a hidden box: the time makes each one new.
function act(what, more) {
  const box = document.querySelector('#add-act textarea, #add-act input');
  if (!box) return;
  const proto = box.tagName === 'TEXTAREA' ? HTMLTextAreaElement : HTMLInputElement;
  Object.getOwnPropertyDescriptor(proto.prototype, 'value').set.call(box, JSON.stringify({ time: Date.now(), what, ...more }));
  box.dispatchEvent(new Event('input', { bubbles: true }));
}

element.addEventListener('click', async event => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.matches('.ws-add-read')) read();
  if (button.matches('.ws-remove')) {
    given.splice(Number(button.dataset.at), 1);
    drawGiven();
    find('#ws-files').focus();
  }
  if (button.matches('.ws-add-stop')) act('stop');
  if (button.matches('.ws-add-clear')) act('clear');
  if (button.matches('.ws-add-go')) {
    button.disabled = true;
    await Promise.all(waits);
    button.disabled = false;
    act('add');
  }
});

watch('value', draw);
draw();
