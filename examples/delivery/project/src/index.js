'use strict';

module.exports = {
  ...require('./urls'),
  ...require('./page'),
  ...require('./credentials'),
  ...require('./fingerprint'),
  ...require('./access-log'),
  ...require('./store'),
  ...require('./feed'),
  ...require('./table'),
};
