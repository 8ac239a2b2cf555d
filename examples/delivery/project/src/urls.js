'use strict';

/** Cleaning, comparing and resolving of links. */
const url = require('url');
const querystring = require('querystring');

const TRACKING = /^(utm_[a-z]+|fbclid|gclid|mc_[ce]id)$/;

/** A link without tracking parameters and fragment, parameters sorted: the same page gives the same text. */
function cleanUrl(link) {
  const parts = url.parse(link.trim(), true);
  const names = Object.keys(parts.query)
    .filter((name) => !TRACKING.test(name))
    .sort();
  const search = querystring.stringify(Object.fromEntries(names.map((name) => [name, parts.query[name]])));
  const origin = parts.host ? `${parts.protocol}//${parts.host}` : '';
  return origin + (parts.pathname || '/') + (search === '' ? '' : `?${search}`);
}

/** Makes each link absolute; what is no web address (mailto:, javascript:) is dropped. */
function resolveLinks(base, links) {
  return links
    .map((link) => url.resolve(base, link))
    .filter((link) => /^https?:$/.test(url.parse(link).protocol));
}

/** Whether two links lead to one host, with or without `www.` in front. */
function sameSite(left, right) {
  const [a, b] = [left, right].map((link) => bareHost(url.parse(link)));
  return a !== '' && a === b;
}

/** The parameter is named as people name it; its `parse` would not be that of the module url. */
function bareHost(url) {
  const host = url.hostname || '';
  return host.startsWith('www.') ? host.substr(4) : host;
}

/** `https://example.com/a/b?c` as `example.com › a › b`, for lists that people read. */
function breadcrumb(link) {
  const { hostname, pathname } = url.parse(link);
  const steps = (pathname || '').split('/').filter((step) => step !== '');
  return [hostname || '', ...steps.map((step) => querystring.unescape(step))].filter(Boolean).join(' › ');
}

module.exports = { cleanUrl, resolveLinks, sameSite, breadcrumb };
