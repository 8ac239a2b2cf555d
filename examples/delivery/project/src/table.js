'use strict';

/** Rows of text in columns. */
const util = require('util');

/** Fits a cell into `width` characters; numbers stand right. */
function cell(value, width) {
  const text = String(value);
  if (text.length > width) return `${text.substr(0, width - 1)}…`;
  return typeof value === 'number' ? text.padStart(width) : text.padEnd(width);
}

/** `rows` (lists, or objects with the same keys) as lines; columns are as wide as their content, at most `maxWidth`. */
function formatTable(rows, { maxWidth = 60 } = {}) {
  const lists = rows.every(util.isArray) ? rows : rows.map((row) => Object.values(row));
  const widths = [];
  for (const list of lists) {
    list.forEach((value, column) => {
      widths[column] = Math.min(maxWidth, Math.max(widths[column] || 0, String(value).length));
    });
  }
  return lists.map((list) => list.map((value, column) => cell(value, widths[column])).join('  ').trimEnd()).join('\n');
}

module.exports = { formatTable };
