// What the scripts of the page's parts share. Words of articles and people become text nodes, never markup.

window.whosaid = {
  make(tag, className, ...children) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children.filter(child => child !== '' && child !== null && child !== undefined));
    return made;
  },

  button(className, words, act) {
    const made = window.whosaid.make('button', className, words);
    made.type = 'button';
    if (act) made.addEventListener('click', act);
    return made;
  },

  // Says something to Python through one of the page's hidden boxes, as if somebody had typed it.
  tell(id, words) {
    const box = document.querySelector(`#${id} textarea, #${id} input`);
    if (!box) return;
    const proto = box.tagName === 'TEXTAREA' ? HTMLTextAreaElement : HTMLInputElement;
    Object.getOwnPropertyDescriptor(proto.prototype, 'value').set.call(box, words);
    box.dispatchEvent(new Event('input', { bubbles: true }));
  },

  // Offers a text as a file; nothing leaves the browser.
  save(name, type, text) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: type + ';charset=utf-8' }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  },

  // Copies a text and says so on the button for a moment.
  async copy(text, button) {
    const before = button.dataset.words ||= button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
    } catch (error) {
      button.textContent = 'Copying is not allowed here';
    }
    setTimeout(() => { button.textContent = before; }, 1800);
  },
};
