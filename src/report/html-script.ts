/** The script of the page: sorting by a click on a header, filtering. The page says everything without it. */
export const SCRIPT = `
(function () {
  'use strict';
  var table = document.getElementById('accounts');
  var bodies = Array.prototype.slice.call(table.tBodies);
  if (bodies.length < 2) return;
  var heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
  var rows = bodies.map(function (body) {
    var cells = body.rows[0].cells;
    var values = [cells[0].textContent.toLowerCase()];
    for (var i = 1; i < cells.length; i += 1) values.push(Number(cells[i].getAttribute('data-v')));
    return { body: body, values: values };
  });
  var names = new Intl.Collator('en', { numeric: true });

  function sortBy(column) {
    var was = heads[column].getAttribute('aria-sort');
    // Names read from A, numbers from the largest: what one looks for comes first.
    var first = column === 0 ? 'ascending' : 'descending';
    var second = column === 0 ? 'descending' : 'ascending';
    var order = was === first ? second : first;
    var sign = order === 'ascending' ? 1 : -1;
    rows.sort(function (a, b) {
      var x = a.values[column], y = b.values[column];
      var by = column === 0 ? names.compare(x, y) : x - y;
      return sign * by || names.compare(a.values[0], b.values[0]);
    });
    heads.forEach(function (head) { head.removeAttribute('aria-sort'); });
    heads[column].setAttribute('aria-sort', order);
    var all = document.createDocumentFragment();
    rows.forEach(function (row) { all.appendChild(row.body); });
    table.appendChild(all);
  }

  heads.forEach(function (head, column) {
    var button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    button.addEventListener('click', function () { sortBy(column); });
    head.textContent = '';
    head.appendChild(button);
  });

  var box = document.getElementById('filter');
  var onlyBad = document.getElementById('onlybad');
  var oneClass = document.getElementById('class');
  var matches = document.getElementById('matches');
  function filter() {
    var words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
    var count = 0;
    rows.forEach(function (row) {
      var fits = (!onlyBad.checked || row.values[4] > 0) &&
        (!oneClass || !oneClass.value || row.body.querySelector('.tag.' + oneClass.value)) &&
        words.every(function (word) { return row.values[0].indexOf(word) >= 0; });
      row.body.hidden = !fits;
      if (fits) count += 1;
    });
    matches.hidden = count === rows.length;
    matches.textContent = count + ' of ' + rows.length + ' accounts';
  }
  var waiting = 0;
  box.addEventListener('input', function () {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 80);
  });
  onlyBad.addEventListener('change', filter);
  if (oneClass) oneClass.addEventListener('change', filter);
  document.getElementById('tools').hidden = false;
  filter();
})();
`;
