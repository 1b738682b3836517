// What the tabs for articles and groups share; put before the script of each. Gradio runs these once, with `element`,
// `props`, `server` (functions of ours in Python) and `watch`. Words of articles and people come as data and become text
// nodes, never markup. The templates never change, so nothing that is built here is overwritten.

const { make, button } = window.whosaid;
const find = selector => element.querySelector(selector);
const GONE = { problem: 'The server does not answer. Is whosaid still running?' };
const count = (number, thing) => (number === 1 ? '1 ' + thing : number.toLocaleString('en') + ' ' + thing + 's');

async function asked(name, what) {
  try {
    return (await server[name](what)) || GONE; // Gradio gives nothing rather than an error
  } catch (error) {
    return GONE;
  }
}

// A button that opens an article in the reader, which listens for data-cite.
function articleRow(row) {
  const opens = button('ws-row');
  opens.dataset.cite = row.link;
  const meta = make('span', 'ws-meta', row.meta);
  if (row.digest) meta.append(' ', make('span', 'ws-badge', 'digest, our words'));
  if (row.inferred) meta.append(' ', make('span', 'ws-badge ws-badge-quiet', 'inferred'));
  if (row.inferred) opens.title = row.inferred;
  opens.append(make('span', 'ws-row-title', row.title), meta);
  return make('li', '', opens);
}

// Calls `act` a little after the last of several changes, so that typing is answered once.
function soon(act, wait) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, wait);
  };
}

// Draws a list that is fetched part by part: `fetch(start)` returns a part, `draw` a row of it.
function paged(list, more, say, fetch, draw) {
  let turn = 0; // a slow reply to an older question is not shown
  async function show(start) {
    const mine = ++turn;
    more.disabled = true;
    const part = await fetch(start);
    if (mine !== turn) return;
    more.disabled = false;
    say(part);
    if (part.problem) {
      list.replaceChildren();
      more.hidden = true;
      return;
    }
    const rows = part.rows.map(draw);
    if (start) list.append(...rows);
    else list.replaceChildren(...rows);
    const rest = part.total - part.start - rows.length;
    more.hidden = rest <= 0;
    more.textContent = 'Show more (' + rest.toLocaleString('en') + ')';
    if (start && rows.length) rows[0].querySelector('button').focus();
  }
  more.addEventListener('click', () => show(list.children.length));
  return () => show(0);
}
