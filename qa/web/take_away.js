// Taking the conversation away, and copying an answer's quotes. Gradio runs this once, with `element`, `props`, `server`
// and `watch`. The conversation goes to Python as the page keeps it, and comes back as the text of a file.

const find = selector => element.querySelector(selector);
const MENU = find('.ws-take-menu'), COPY = 'a[href$="#copy-cited"]';

function say(words) {
  find('.ws-take-said').textContent = words;
  if (words) setTimeout(() => { if (find('.ws-take-said').textContent === words) find('.ws-take-said').textContent = ''; }, 6000);
}

// What is wanted goes to Python through a hidden box, as "TIME.FORM": the time makes each one new.
function want(form) {
  const box = document.querySelector('#take-away-act textarea, #take-away-act input');
  if (!box) return;
  const proto = box.tagName === 'TEXTAREA' ? HTMLTextAreaElement : HTMLInputElement;
  Object.getOwnPropertyDescriptor(proto.prototype, 'value').set.call(box, Date.now() + '.' + form);
  box.dispatchEvent(new Event('input', { bubbles: true }));
}

let last = 0; // a value that was there before is not saved again

watch('value', () => {
  const file = props.value;
  if (!file || !file.at || file.at === last) return;
  last = file.at;
  if (file.problem) return say(file.problem);
  window.whosaid.save(file.name, file.type, file.text);
  say('Saved as ' + file.name);
});

element.addEventListener('click', event => {
  const button = event.target.closest('[data-form]');
  if (!button) return;
  MENU.open = false;
  find('summary').focus();
  say('');
  want(button.dataset.form);
});

document.addEventListener('click', event => {
  if (MENU.open && !MENU.contains(event.target)) MENU.open = false;
});

element.addEventListener('keydown', event => {
  if (event.key !== 'Escape' || !MENU.open) return;
  event.stopPropagation();
  MENU.open = false;
  find('summary').focus();
});

// ---- an answer's quotes for the clipboard: a link in the answer that acts as a button, so that it is drawn with it

let copying = false;

async function copy(link) {
  if (copying) return;
  copying = true;
  const links = [...link.closest('.message').querySelectorAll('a[href*="#cite-"]')].map(cited => cited.getAttribute('href').split('#cite-')[1]);
  let found;
  try {
    found = await server.cite([...new Set(links)]);
  } catch (error) {
    found = null;
  }
  found ||= { problem: 'The server does not answer. Is whosaid still running?' }; // Gradio gives nothing rather than an error
  if (found.problem) say(found.problem);
  else {
    window.whosaid.copy(found.text, link);
    await new Promise(done => setTimeout(done, 1900));
  }
  copying = false;
}

for (const kind of ['click', 'keydown']) {
  document.addEventListener(kind, event => {
    const link = event.target.closest && event.target.closest(COPY);
    if (!link || !element.isConnected || (kind === 'keydown' && event.key !== ' ')) return;
    event.preventDefault();
    event.stopPropagation();
    copy(link);
  }, true);
}

new MutationObserver(() => {
  for (const link of document.querySelectorAll('#chat ' + COPY + ':not([role])')) {
    link.setAttribute('role', 'button');
    link.setAttribute('aria-live', 'polite');
    link.removeAttribute('target');
  }
}).observe(document.querySelector('#chat') || document.body, { childList: true, subtree: true });
