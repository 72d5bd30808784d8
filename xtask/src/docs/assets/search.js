// Search and paste on the first page. The catalogue is in search-index.js; nothing is asked of a server, and what is
// pasted is only ever written back as text.
(function () {
  "use strict";

  var ID = 0, HEADLINE = 1, PAGE = 2, LEAD = 3, NAMES = 4;
  var MOST_RESULTS = 30;
  var MOST_LINES = 400;
  var LONGEST_NAME = 12; // words
  // The order in which a name that several own is most likely meant, as in the catalogue's own look-up.
  var LIKELY = ["http", "nginx", "ws", "cloudflare", "net", "tls"];

  // As the catalogue's own look-up: lower case, spaces folded, quotes and punctuation around it removed.
  function normal(text) {
    return text.toLowerCase().split(/\s+/).filter(Boolean).join(" ").replace(/^['"`“”.,;:!]+|['"`“”.,;:!]+$/g, "");
  }

  function codeOf(row) {
    return row[ID].slice(row[ID].indexOf("/") + 1);
  }

  // Names, as people paste them: also without "(Node)" behind, and what stands in quotes within "Go '…'".
  function spellings(name) {
    var found = [name, name.replace(/\s*\([^)]*\)$/, "")];
    var quoted = /'([^']{6,})'/.exec(name);
    if (quoted) found.push(quoted[1]);
    return found;
  }

  var byName = new Map();
  function own(name, at) {
    var key = normal(name);
    if (!key) return;
    var owners = byName.get(key);
    if (!owners) byName.set(key, (owners = []));
    if (owners.indexOf(at) < 0) owners.push(at);
  }
  var rows = httpwhyIndex;
  var texts = rows.map(function (row, at) {
    own(row[ID], at);
    own(codeOf(row), at);
    row[NAMES].forEach(function (name) {
      spellings(name).forEach(function (spelling) { own(spelling, at); });
    });
    return normal(row[ID] + " " + row[HEADLINE] + " " + row[NAMES].join(" ") + " " + row[LEAD]);
  });

  // The likeliest owner of a name first.
  function rankOf(at) {
    var id = rows[at][ID], rank = LIKELY.indexOf(id.slice(0, id.indexOf("/")));
    return rank < 0 ? LIKELY.length : rank;
  }
  byName.forEach(function (owners) {
    owners.sort(function (a, b) { return rankOf(a) - rankOf(b) || a - b; });
  });

  // How well a row answers the words; 0: not at all.
  function score(at, asked, words) {
    var row = rows[at], text = texts[at];
    if (!words.every(function (word) { return text.indexOf(word) >= 0; })) return 0;
    var id = row[ID].toLowerCase(), code = codeOf(row).toLowerCase(), title = row[HEADLINE].toLowerCase();
    var base = LIKELY.length - rankOf(at);
    if (id === asked) return 1000;
    if (id === asked.replace(" ", "/")) return 950;
    if ((byName.get(asked) || []).indexOf(at) >= 0) return 900 + base;
    if (code.indexOf(asked) === 0) return 700 + base;
    if (title.indexOf(asked) >= 0) return 600 + base;
    if (words.every(function (word) { return title.indexOf(word) >= 0; })) return 500 + base;
    if (text.indexOf(asked) >= 0) return 400 + base;
    return 100 + base;
  }

  function search(question) {
    var asked = normal(question);
    var words = asked.split(" ").filter(Boolean);
    if (!words.length) return [];
    var found = [];
    rows.forEach(function (row, at) {
      var points = score(at, asked, words);
      if (points) found.push({ at: at, points: points });
    });
    found.sort(function (a, b) { return b.points - a.points || a.at - b.at; });
    return found;
  }

  // A word alone is a name when it looks like one (ECONNRESET, IO::EOFError), not like prose.
  function looksLikeName(word) {
    return word.length >= 4 && (/[:_]/.test(word.slice(1, -1)) || /[A-Z]/.test(word.slice(1)));
  }

  // Numbers that are status codes by where they stand.
  var STATUS = [
    /^[<\s]*HTTP\/[0-9.]+ ([0-9][0-9][0-9])\b/, // a status line
    /" ([1-5][0-9][0-9]) (?:[0-9]+|-)/, // a log in the common format
    /"?\bstatus(?:_code| code)?"?\s*[:=]?\s*([1-5][0-9][0-9])\b/i, // a field of JSON or a message
    /\bHTTP(?: error)?(?: status)? ([1-5][0-9][0-9])\b/i,
    /\breturned error: ([1-5][0-9][0-9])\b/,
  ];

  function paste(text) {
    var hits = [], seen = {};
    function add(owners, matched) {
      owners.forEach(function (at) {
        if (!seen[at]) {
          seen[at] = true;
          hits.push({ at: at, matched: matched });
        }
      });
    }
    // The registered status; else those whose own number it is; else its class.
    function owners(code) {
      return byName.get("http/" + code) || byName.get(code) || byName.get("http/" + code.charAt(0) + "xx") ||
        byName.get("http/invalid-status") || [];
    }
    // net::ERR_FAILED is also known as ERR_FAILED.
    function named(run) {
      return byName.get(normal(run)) || byName.get(normal(run.slice(run.lastIndexOf("::") + 2)));
    }
    text.split(/\r?\n/).slice(0, MOST_LINES).forEach(function (line) {
      STATUS.forEach(function (pattern) {
        var match = pattern.exec(line);
        if (match) add(owners(match[1]), match[0].trim());
      });
      var words = line.slice(0, 2000).split(/[\s()[\]<>=]+/).filter(Boolean);
      var taken = words.map(function () { return false; });
      for (var length = Math.min(LONGEST_NAME, words.length); length > 0; length--) {
        for (var start = 0; start + length <= words.length; start++) {
          if (taken.slice(start, start + length).some(Boolean)) continue;
          var run = words.slice(start, start + length).join(" ");
          if (length === 1 && !looksLikeName(run)) continue;
          var found = run.indexOf("::") < 0 ? byName.get(normal(run)) : named(run);
          if (found) {
            add(found, run);
            for (var at = start; at < start + length; at++) taken[at] = true;
          }
        }
      }
      // The message says more than curl's number.
      var curl = /\bcurl: \((\d+)\)/.exec(line);
      if (curl) add(byName.get("curl " + curl[1]) || [], curl[0]);
    });
    return hits;
  }

  var results = document.getElementById("results");
  var count = document.getElementById("count");

  function element(name, className, text) {
    var made = document.createElement(name);
    if (className) made.className = className;
    made.textContent = text;
    return made;
  }

  function show(found, none) {
    results.textContent = "";
    found.slice(0, MOST_RESULTS).forEach(function (hit) {
      var row = rows[hit.at], item = document.createElement("li");
      var link = element("a", "", row[HEADLINE]);
      link.href = row[PAGE];
      item.append(link, element("code", "", row[ID]), element("p", "", row[LEAD]));
      if (hit.matched) item.append(element("p", "matched", "because of: " + hit.matched));
      results.append(item);
    });
    var more = found.length > MOST_RESULTS ? ", the first " + MOST_RESULTS + " are shown; add a word" : "";
    count.textContent = found.length ? found.length + (found.length === 1 ? " outcome" : " outcomes") + more : none;
  }

  var field = document.getElementById("search"), box = document.getElementById("paste");
  function searched() {
    if (field.value.trim()) show(search(field.value), "Nothing holds all of these words; try fewer.");
    else show([], "");
  }
  function pasted() {
    if (box.value.trim()) show(paste(box.value), "No known name or status code is in it; try a word of it in the search.");
    else show([], "");
  }
  field.addEventListener("input", searched);
  box.addEventListener("input", pasted);
  document.getElementById("search-form").addEventListener("submit", function (event) {
    event.preventDefault();
    var first = results.querySelector("a");
    if (first) location.href = first.href;
  });
  // A page that is come back to keeps what was typed; ?q= asks from outside.
  var asked = new URLSearchParams(location.search).get("q");
  if (asked) field.value = asked.slice(0, 200);
  if (field.value) searched();
  else if (box.value) pasted();
})();
