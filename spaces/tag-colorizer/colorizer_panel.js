// The panel in the browser; gradio gives `element` and `trigger`.
const all = (selector) => [...element.querySelectorAll(selector)];
const named = (selector, key, name) => all(selector).find((each) => each.dataset[key] === name);
let waiting = 0;
const tell = () => {
    for (const dot of all('[data-tag]')) dot.setAttribute('aria-pressed', !!named('[data-set]', 'set', dot.dataset.tag));
    for (const well of all('[data-pin]')) well.classList.toggle('set', !!named('[data-pinned]', 'pinned', well.dataset.pin));
    clearTimeout(waiting);
    waiting = setTimeout(() => trigger('slide', {
        tags: Object.fromEntries(all('[data-set]').map(
            (row) => [row.dataset.set, Number(row.querySelector('[type=number]').value)])),
        colours: Object.fromEntries(all('[data-pinned]').map((row) => [row.dataset.pinned, row.dataset.colour])),
    }), 150);
};
const add = (section, kind, name, words) => {
    if (section.dataset.part) section.querySelector('ol').replaceChildren();
    const row = element.querySelector('template').content.querySelector(kind).cloneNode(true);
    row.querySelector('span').textContent = words;
    for (const each of row.querySelectorAll('[aria-label]')) each.ariaLabel += ' ' + name;
    section.querySelector('ol').append(row);
    return row;
};
element.addEventListener('click', (event) => {
    const dot = event.target.closest('[data-tag]'), remove = event.target.closest('[data-remove]');
    if (event.target.closest('[data-read]')) return trigger('read', {});
    if (event.target.closest('[data-clear]')) all('li').forEach((row) => row.remove());
    else if (remove) remove.closest('li').remove();
    else if (dot && dot.ariaPressed === 'true') named('[data-set]', 'set', dot.dataset.tag).remove();
    else if (dot) add(dot.closest('section'), '.tag', dot.title, dot.textContent).dataset.set = dot.dataset.tag;
    else return;
    tell();
});
element.addEventListener('input', (event) => {
    const row = event.target.closest('li'), well = event.target.closest('[data-pin]');
    if (row) {
        for (const each of row.querySelectorAll('input')) if (each !== event.target) each.value = event.target.value;
        tell();
    } else if (well) {
        const added = add(well.closest('section'), '.pin', well.dataset.pin, event.target.value);
        Object.assign(added.dataset, {pinned: well.dataset.pin, colour: event.target.value});
        added.style.setProperty('--c', event.target.value);
        well.style.setProperty('--c', event.target.value);
        tell();
    } else {
        const words = event.target.value.toLowerCase().replaceAll('_', ' ').trim();
        element.classList.toggle('finding', words !== '');
        for (const dot of all('[data-tag]')) dot.hidden = !dot.title.includes(words);
        for (const part of all('section')) part.hidden = !part.querySelector('[data-tag]:not([hidden])');
        element.querySelector('.none').hidden = !!element.querySelector('section:not([hidden])');
    }
});
