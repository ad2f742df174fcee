// The player and the timeline are one: playing moves the line, and a press or a key on the timeline moves the player.
const find = selector => element.querySelector(selector);
let moments = [], seconds = 0, names = {}, frame = null;

function at(time) {
  let low = 0, high = moments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (moments[middle].at <= time + 0.001) low = middle + 1; else high = middle;
  }
  return low ? moments[low - 1].faces : [];
}

function show() {
  const film = find('video'), cursor = find('.fer-cursor');
  if (!film) return;
  const time = film.currentTime;
  find('.fer-timeline').style.setProperty('--at', Math.min(time / seconds, 1));
  cursor.setAttribute('aria-valuenow', time.toFixed(2));
  cursor.setAttribute('aria-valuetext', `${time.toFixed(1)} s`);
  find('.fer-over-film').replaceChildren(...at(time).map(face => {
    const mark = document.createElement('div'), words = mark.appendChild(document.createElement('span'));
    mark.className = `fer-box${face.unsure ? ' fer-unsure' : ''}${face.box[1] < 0.08 ? ' fer-inside' : ''}`;
    ['left', 'top', 'width', 'height'].forEach((side, place) => { mark.style[side] = `${100 * face.box[place]}%`; });
    mark.style.setProperty('--colour', face.colour);
    words.textContent = `${names[face.person] ?? face.person} ${face.words}`;
    return mark;
  }));
  if (!film.paused) frame = requestAnimationFrame(show);
}

function go(time) {
  find('video').currentTime = Math.min(Math.max(time, 0), seconds);
}

function name(input) {
  names[input.dataset.person] = input.value.trim() || input.dataset.person;
  const link = find('.fer-table-link'), [head, ...rows] = link.dataset.text.split(/\r?\n/);
  const quoted = text => `"${text.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
  const named = rows.map(row =>
    row.replace(/^([^,]*),(\d+),/, (whole, time, person) => names[person] ? `${time},${quoted(names[person])},` : whole));
  link.href = URL.createObjectURL(new Blob([[head, ...named].join('\r\n')], {type: 'text/csv'}));
  find(`[data-of="${input.dataset.person}"]`).textContent = input.value.trim() || `Person ${input.dataset.person}`;
  show();
}

// Rows of the same name become the first of them; each can be parted from it again.
function join() {
  const rows = new Map();
  element.querySelectorAll('.fer-joined').forEach(each => each.remove());
  for (const row of element.querySelectorAll('section.fer-person')) {
    const input = row.querySelector('input'), known = (input.value.trim() || `person ${input.dataset.person}`).toLowerCase();
    rows.set(known, [...rows.get(known) ?? [], row]);
  }
  for (const [head, ...others] of rows.values()) {
    head.hidden = false;
    tell(head, [head, ...others]);
    for (const row of others) {
      const input = row.querySelector('input'), kept = head.querySelector('input');
      if (document.activeElement === input) kept.focus();
      row.hidden = true;
      input.value = kept.value;
      name(input);
      for (const span of row.querySelectorAll('.fer-track i')) {
        head.querySelector('.fer-track').append(span.cloneNode(true));
        head.querySelector('.fer-track').lastElementChild.classList.add('fer-joined');
      }
      const part = head.querySelector('.fer-who').appendChild(document.createElement('button'));
      part.type = 'button';
      part.className = 'fer-link fer-joined';
      part.dataset.part = input.dataset.person;
      part.textContent = `part from person ${part.dataset.part}`;
    }
  }
}

function tell(head, rows) {
  const seen = rows.reduce((sum, row) => sum + Number(row.dataset.seen), 0), means = rows.map(row => JSON.parse(row.dataset.mean));
  const mean = label => rows.reduce((sum, row, place) => sum + row.dataset.seen * means[place][label], 0);
  const most = Object.keys(means[0]).reduce((best, label) => mean(label) > mean(best) ? label : best);
  head.querySelector('.fer-seen').textContent = `seen for ${seen.toFixed(1)} s, mostly ${most}`;
}

function part(person) {
  const input = find(`input[data-person="${person}"]`);
  input.value = `Person ${person}`;
  name(input);
  join();
  input.focus();
}

function begin() {
  const whole = find('.fer-watched'), film = find('video'), link = find('.fer-table-link');
  cancelAnimationFrame(frame);
  names = {};
  if (!whole) return;
  moments = JSON.parse(whole.dataset.moments);
  seconds = Number(whole.dataset.seconds);
  const bytes = Uint8Array.from(atob(link.href.split(',')[1]), letter => letter.charCodeAt(0));
  link.dataset.text = new TextDecoder().decode(bytes);
  for (const event of ['play', 'seeked', 'timeupdate', 'loadeddata']) film.addEventListener(event, show);
  film.addEventListener('error', () => { find('.fer-unplayable').hidden = false; });
  const first = moments.find(moment => moment.faces.length);
  film.addEventListener('loadedmetadata', () => go(first.at), {once: true});
}

element.addEventListener('click', event => {
  if (event.target.dataset.part) return part(event.target.dataset.part);
  const track = event.target.closest('.fer-track, .fer-lane svg');
  if (!track) return;
  const box = track.getBoundingClientRect();
  go((event.clientX - box.left) / box.width * seconds);
});
element.addEventListener('keydown', event => {
  const step = {ArrowLeft: -0.2, ArrowRight: 0.2, PageDown: -2, PageUp: 2, Home: -Infinity, End: Infinity}[event.key];
  if (!event.target.closest('.fer-cursor') || !step) return;
  event.preventDefault();
  go(find('video').currentTime + step);
});
element.addEventListener('input', event => { if (event.target.dataset.person) name(event.target); });
element.addEventListener('change', event => { if (event.target.dataset.person) join(); });
watch('value', begin);
