// Whatever has a `data-face` or `data-photo` chooses it, everywhere on the tab at once; a box can be drawn by hand.
const tab = element.closest('[role=tabpanel]') ?? element;
let from = null, band = null;

function choose(button) {
  if (button.dataset.face === undefined) return trigger('choose', {photo: Number(button.dataset.show)});
  tab.querySelectorAll('button[data-face]').forEach(other =>
    other.setAttribute('aria-pressed', String(other.dataset.face === button.dataset.face)));
  trigger('choose', {face: Number(button.dataset.face)});
}

element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.face !== undefined || button.dataset.show !== undefined) choose(button);
  else if (button.dataset.do === 'clear') trigger('clear', {});
  else if (button.dataset.do === 'whole') trigger('draw', {photo: Number(tab.querySelector('.fer-stage').dataset.photo), box: [0, 0, 1, 1]});
  else if (button.dataset.do === 'draw') {
    const on = element.querySelector('.fer-stage').classList.toggle('fer-drawing');
    button.setAttribute('aria-pressed', String(on));
  }
});

const share = event => {
  const box = element.querySelector('.fer-canvas').getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
    .map(value => Math.min(Math.max(value, 0), 1));
};
element.addEventListener('pointerdown', event => {
  const canvas = event.target.closest('.fer-drawing .fer-canvas');
  if (!canvas) return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  from = share(event);
  band = canvas.appendChild(document.createElement('i'));
  band.className = 'fer-band';
});
element.addEventListener('pointermove', event => {
  if (!from) return;
  const to = share(event);
  const [left, top] = [0, 1].map(side => Math.min(from[side], to[side]));
  const [width, height] = [0, 1].map(side => Math.abs(from[side] - to[side]));
  Object.assign(band.style, {left: `${100 * left}%`, top: `${100 * top}%`,
    width: `${100 * width}%`, height: `${100 * height}%`});
});
element.addEventListener('pointerup', event => {
  if (!from) return;
  const photo = Number(element.querySelector('.fer-stage').dataset.photo), box = [...from, ...share(event)];
  band.remove();
  from = band = null;
  trigger('draw', {photo, box});
});
watch('value', () => tab.classList.remove('fer-waiting'));
