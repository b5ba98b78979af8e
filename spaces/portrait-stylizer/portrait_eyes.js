// The panel in the browser; gradio gives `element` and `trigger`.
const one = (selector) => element.querySelector(selector);
const panel = () => one('.eyes');
const dots = () => [...element.querySelectorAll('[data-eye]')];
const size = () => [Number(panel().dataset.width), Number(panel().dataset.height)];
const place = (dot) => [parseFloat(dot.style.left) / 100 * size()[0], parseFloat(dot.style.top) / 100 * size()[1]];
// Whichever dot lies left is the left eye.
const eyes = () => dots().map(place).sort((a, b) => a[0] - b[0]);
const put = (dot, x, y) => {
    const inside = (value, end) => Math.min(Math.max(value, 0), end), [width, height] = size();
    dot.style.left = `${100 * inside(x, width) / width}%`;
    dot.style.top = `${100 * inside(y, height) / height}%`;
    draw();
};
// The square's middle and the way from there to its right edge: the one of eyes at 0 and 1, turned and grown.
const square = () => {
    const [left, right] = eyes(), across = [right[0] - left[0], right[1] - left[1]];
    const [x, y, rightX, rightY] = panel().dataset.square.split(',').map(Number);
    const turned = (a, b) => [a * across[0] - b * across[1], a * across[1] + b * across[0]];
    const middle = turned(x, y);
    return [[left[0] + middle[0], left[1] + middle[1]], turned(rightX, rightY)];
};
const draw = () => {
    if (!panel()) return;
    const [[x, y], [a, b]] = square(), [width, height] = size();
    const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([u, v]) => [x + u * a - v * b, y + u * b + v * a]);
    const frame = `M${corners.map((each) => each.map((value) => value.toFixed(1)).join(' ')).join('L')}Z`;
    one('.frame').setAttribute('d', frame);
    one('.dim').setAttribute('d', `M0 0H${width}V${height}H0Z${frame}`);
    const canvas = one('canvas'), image = one('.stage img'), half = canvas.width / 2, length = a * a + b * b;
    if (!length || !image.naturalWidth) return;
    const context = canvas.getContext('2d'), [p, q] = [half * a / length, half * b / length];
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(p, -q, q, p, half - p * x - q * y, half + q * x - p * y);
    context.drawImage(image, 0, 0, width, height);
};
let waiting = 0, held = null;
const tell = (after) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => trigger('place', {eyes: eyes()}), after);
};
element.addEventListener('load', draw, true);
element.addEventListener('pointerdown', (event) => {
    if (!event.target.closest('[data-eye]')) return;
    // Dots that lie close cover each other: the nearer one is meant.
    const away = (dot) => {
        const box = dot.getBoundingClientRect();
        return Math.hypot(event.clientX - box.x - box.width / 2, event.clientY - box.y - box.height / 2);
    };
    held = dots().sort((a, b) => away(a) - away(b))[0];
    event.preventDefault();
    held.focus({preventScroll: true});
    held.setPointerCapture(event.pointerId);
});
element.addEventListener('pointermove', (event) => {
    if (!held) return;
    const box = one('.stage').getBoundingClientRect(), [width, height] = size();
    put(held, (event.clientX - box.left) / box.width * width, (event.clientY - box.top) / box.height * height);
    held.dataset.moved = '';
});
const let_go = () => {
    if (held && 'moved' in held.dataset) tell(0);
    if (held) delete held.dataset.moved;
    held = null;
};
element.addEventListener('pointerup', let_go);
element.addEventListener('pointercancel', let_go);
element.addEventListener('keydown', (event) => {
    const dot = event.target.closest('[data-eye]');
    const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    if (!dot || !step) return;
    event.preventDefault();
    const length = Math.max(...size()) / (event.shiftKey ? 40 : 250), [x, y] = place(dot);
    put(dot, x + step[0] * length, y + step[1] * length);
    tell(300);
});
element.addEventListener('click', (event) => {
    const face = event.target.closest('[data-face]');
    if (face) trigger('choose', {name: face.dataset.face});
    else if (event.target.closest('[data-take]')) tell(0);
});
draw();
