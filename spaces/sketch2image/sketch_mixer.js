// The strip in the browser; gradio gives `element` and `trigger`.
const all = (selector) => [...element.querySelectorAll(selector)];
let waiting = 0;
const tell = () => {
    const rows = all('li'), weights = rows.map((row) => Number(row.querySelector('input').value));
    const total = weights.reduce((sum, weight) => sum + weight, 0), count = weights.filter(Boolean).length;
    rows.forEach((row, place) => {
        row.classList.toggle('in', weights[place] > 0);
        row.querySelector('[data-alone]').setAttribute('aria-pressed', weights[place] > 0);
        row.querySelector('output').textContent = weights[place] ? `${Math.round(100 * weights[place] / total)}%` : '';
    });
    const mixing = element.querySelector('.mixer').dataset.how;
    for (const way of all('[data-mixing]')) way.setAttribute('aria-pressed', way.dataset.mixing === mixing);
    element.querySelector('.ways').hidden = count < 2;
    element.querySelector('.alone').hidden = count > 1;
    clearTimeout(waiting);
    waiting = setTimeout(() => trigger('mix', {
        weights: Object.fromEntries(rows.map((row, place) => [row.dataset.key, weights[place]])), mixing,
    }), 120);
};
element.addEventListener('click', (event) => {
    const row = event.target.closest('li'), way = event.target.closest('[data-mixing]');
    if (way) element.querySelector('.mixer').dataset.how = way.dataset.mixing;
    else if (event.target.closest('[data-leave]')) return trigger('leave', {name: row.dataset.key});
    else if (event.target.closest('[data-alone]')) {
        for (const each of all('li')) each.querySelector('input').value = each === row ? 1 : 0;
    } else return;
    tell();
});
element.addEventListener('input', (event) => {
    // Something is always in the mix.
    if (all('input').every((each) => Number(each.value) === 0)) event.target.value = 0.01;
    tell();
});
