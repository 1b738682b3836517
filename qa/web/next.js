// Questions to go on with, below the answer that they follow from; gone as soon as something else is asked.

const { button, tell } = window.whosaid;
const STRIP = element.querySelector('.ws-go-on');
let drawn = '';
const last = () => [...document.querySelectorAll('#chat [data-testid="user"]')].pop();

function draw() {
  const { after, questions } = props.value || { after: '', questions: [] };
  const asked = last();
  const fits = questions.length && asked && asked.innerText.trim() === after;
  const shown = fits ? JSON.stringify([after, questions]) : '';
  if (shown === drawn) return; // or drawing would be seen as a change of the page, and drawn again for ever
  drawn = shown;
  STRIP.hidden = !fits;
  STRIP.replaceChildren(...(fits ? questions : []).map(question => button('ws-chip', question, () => {
    STRIP.hidden = true;
    tell('asked-next', Date.now() + '.' + question);
  })));
}

new MutationObserver(draw).observe(document.querySelector('#chat') || document.body, { childList: true, subtree: true });
STRIP.setAttribute('role', 'group');
STRIP.setAttribute('aria-label', 'Questions to go on with');
watch('value', draw);
draw();
