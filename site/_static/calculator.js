/* The calculator: logits and a target in, what is left of each gradient in float64 and in float32 out.

   Nothing of a loss is written here. `programs.js` holds JAX's gradient of each loss as the operations on numbers that
   JAX traced, and the package's form of the same gradient without cancellation. This script runs both:
   the first in a float format, with every result rounded to it and what is below its range flushed to zero,
   the second in float64 with a bound on its error carried along, so that the page knows which digits it knows. */
(function () {
  "use strict";

  // --- Numbers with a bound on their error: the real number lies within (v ± e) · 2^k ------------------------------

  var ULP = Math.pow(2, -52); // twice the unit roundoff: bounds may be generous
  var LEAST = 5e-324;
  var WIDER = 1 + Math.pow(2, -40); // for the rounding of the bounds themselves
  var RANGE = 300; // binades either side of 1 that count as ordinary
  var STEP = 512; // binades that an exponential is moved by, so that it stays in range
  var HIGH = Math.fround(STEP * Math.LN2); // few bits, so that small multiples are exact
  var LOW = STEP * Math.LN2 - HIGH + STEP * 2.3190468138462996e-17;

  function Unknown(reason) {
    this.reason = reason;
  }

  // Numbers of ordinary size have k = 0; so k < 0 means tiny, and k > 0 huge.
  function number(v, e, k) {
    var most = Math.max(Math.abs(v), e);
    if (most === 0) return { v: 0, e: 0, k: 0 };
    if (!(most < Infinity)) throw new Unknown("too large to be computed here");
    var exponent = Math.floor(Math.log2(most));
    var move = Math.abs(exponent + k) <= RANGE ? k : -exponent;
    if (move !== 0) {
      move = Math.max(-1000, Math.min(1000, move));
      var scale = Math.pow(2, move);
      v *= scale;
      e = e * scale + (move < 0 ? LEAST : 0);
      k -= move;
    }
    return { v: v, e: e * WIDER, k: k };
  }

  function exactly(v) {
    return { v: v, e: 0, k: 0 };
  }

  // A constant that is no short binary fraction is the nearest number to what was meant.
  function constant(v) {
    return { v: v, e: Math.fround(v) === v || !isFinite(v) ? 0 : ULP * Math.abs(v), k: 0 };
  }

  function isZero(a) {
    return a.v === 0 && a.e === 0;
  }

  function add(a, b) {
    if (isZero(a)) return b;
    if (isZero(b)) return a;
    if (a.k < b.k) return add(b, a);
    var down = a.k - b.k;
    var e = a.e;
    var v = 0;
    if (down > 1000) {
      e += Math.pow(2, -690); // the other is at most 2^302 · 2^-1001
    } else {
      v = b.v * Math.pow(2, -down);
      e += b.e * Math.pow(2, -down) + (down ? LEAST : 0);
    }
    var sum = a.v + v;
    var part = sum - a.v;
    var lost = a.v - (sum - part) + (v - part); // exactly what the addition rounded away
    return number(sum, e + Math.abs(lost), a.k);
  }

  function neg(a) {
    return { v: -a.v, e: a.e, k: a.k };
  }

  function sub(a, b) {
    return a === b ? exactly(0) : add(a, neg(b)); // one number less itself is 0, however well it is known
  }

  function mul(a, b) {
    if (isZero(a) || isZero(b)) return exactly(0);
    if (b.e === 0 && Math.abs(b.v) === 1 && b.k === 0) return b.v > 0 ? a : neg(a);
    if (a.e === 0 && Math.abs(a.v) === 1 && a.k === 0) return a.v > 0 ? b : neg(b);
    var v = a.v * b.v;
    return number(v, Math.abs(a.v) * b.e + Math.abs(b.v) * a.e + a.e * b.e + ULP * Math.abs(v) + LEAST, a.k + b.k);
  }

  function div(a, b) {
    if (!(Math.abs(b.v) > b.e)) throw new Unknown("a divisor is not told from 0");
    if (a === b) return exactly(1);
    if (isZero(a)) return exactly(0);
    var v = a.v / b.v;
    var e = (a.e + Math.abs(v) * b.e) / ((Math.abs(b.v) - b.e) * (1 - ULP));
    return number(v, e * WIDER + ULP * Math.abs(v) + LEAST, a.k - b.k);
  }

  function abs(a) {
    return a.v < 0 ? neg(a) : a;
  }

  // -1, 0 or 1; where the two are not told apart, nothing is guessed.
  function compare(a, b) {
    if (a === b) return 0;
    if (!isFinite(a.v) || !isFinite(b.v)) return Math.sign(a.v - b.v) || 0;
    var difference = sub(a, b);
    if (isZero(difference)) return 0;
    if (!(Math.abs(difference.v) > difference.e)) throw new Unknown("the point is at a kink, or too near to tell");
    return Math.sign(difference.v);
  }

  // Of two numbers that are not told apart, either may be the larger.
  function larger(a, b, sign) {
    if (a === b || !isFinite(b.v)) return a;
    if (!isFinite(a.v)) return b;
    var difference = sub(a, b);
    if (Math.abs(difference.v) > difference.e || isZero(difference)) return sign * difference.v >= 0 ? a : b;
    var both = sign * difference.v >= 0 ? a : b;
    return add(both, { v: 0, e: difference.e, k: difference.k });
  }

  function plain(a) {
    return a.v * Math.pow(2, Math.max(-1074, Math.min(1000, a.k)));
  }

  function exp(a) {
    if (isZero(a)) return exactly(1);
    if (a.k > 0) throw new Unknown("too large to be computed here");
    var x = plain(a);
    var e = a.e * Math.pow(2, Math.max(-1074, a.k)) + (a.k ? LEAST : 0);
    var turns = Math.abs(x) > 600 ? Math.round(-x / (STEP * Math.LN2)) : 0;
    var inside = x + turns * HIGH + turns * LOW;
    if (turns) e += ULP * (Math.abs(x) + Math.abs(inside) + 1);
    var v = Math.exp(inside);
    return number(v, v * (Math.expm1(e) * WIDER + 2 * ULP), -STEP * turns);
  }

  function log(a) {
    if (!(a.v > a.e)) throw new Unknown("a logarithm of what is not told from 0");
    if (a.v === 1 && a.e === 0 && a.k === 0) return exactly(0);
    var v = Math.log(a.v);
    var part = a.k * Math.LN2;
    var e = -Math.log1p(-a.e / a.v) * WIDER + ULP * (2 * Math.abs(v) + 2 * Math.abs(part) + Math.abs(v + part));
    return number(v + part, e + LEAST, 0);
  }

  function log1p(a) {
    if (isZero(a)) return a;
    if (a.k > 0) throw new Unknown("too large to be computed here");
    var size = Math.abs(a.v) + a.e;
    if (a.k < 0 || size < Math.pow(2, -60)) {
      // The number itself, but for half its square and less.
      return number(a.v, a.e + size * size * Math.pow(2, Math.max(-1074, a.k)), a.k);
    }
    if (!(1 + a.v - a.e > 0)) throw new Unknown("a logarithm of what is not told from 0");
    var v = Math.log1p(a.v);
    return number(v, (a.e / ((1 + a.v - a.e) * (1 - 4 * ULP))) * WIDER + 2 * ULP * Math.abs(v) + LEAST, 0);
  }

  function sqrt(a) {
    if (isZero(a)) return a;
    if (!(a.v > a.e)) throw new Unknown("a root of what is not told from 0");
    var odd = a.k % 2 !== 0;
    var v = Math.sqrt(odd ? 2 * a.v : a.v);
    var e = (odd ? 2 * a.e : a.e) / v; // at least the slope where the lower end is no less than a quarter
    if (a.e > a.v / 2) throw new Unknown("a root of what is not told from 0");
    return number(v, e + ULP * v, (odd ? a.k - 1 : a.k) / 2);
  }

  var BOUNDED = {
    constant: constant,
    add: add,
    sub: sub,
    mul: mul,
    div: div,
    neg: neg,
    abs: abs,
    exp: exp,
    log: log,
    log1p: log1p,
    sqrt: sqrt,
    max: function (a, b) { return larger(a, b, 1); },
    min: function (a, b) { return larger(a, b, -1); },
    eq: function (a, b) { return compare(a, b) === 0; },
    ne: function (a, b) { return compare(a, b) !== 0; },
    gt: function (a, b) { return compare(a, b) > 0; },
    ge: function (a, b) { return compare(a, b) >= 0; },
    lt: function (a, b) { return compare(a, b) < 0; },
    le: function (a, b) { return compare(a, b) <= 0; },
  };

  // --- Floats of a format: every result rounded, what is below the normal range flushed to zero --------------------

  function floats(form) {
    var least = Math.pow(2, form.emin);
    var near = form.precision === 24 ? Math.fround : function (x) { return x; };
    function r(x) {
      var rounded = near(x);
      return Math.abs(rounded) < least ? 0 * rounded : rounded;
    }
    return {
      constant: r,
      add: function (a, b) { return r(a + b); },
      sub: function (a, b) { return r(a - b); },
      mul: function (a, b) { return r(a * b); },
      div: function (a, b) { return r(a / b); },
      neg: function (a) { return -a; },
      abs: Math.abs,
      exp: function (a) { return r(Math.exp(a)); },
      log: function (a) { return r(Math.log(a)); },
      log1p: function (a) { return r(Math.log1p(a)); },
      sqrt: function (a) { return r(Math.sqrt(a)); },
      max: Math.max,
      min: Math.min,
      eq: function (a, b) { return a === b; },
      ne: function (a, b) { return a !== b; },
      gt: function (a, b) { return a > b; },
      ge: function (a, b) { return a >= b; },
      lt: function (a, b) { return a < b; },
      le: function (a, b) { return a <= b; },
    };
  }

  // Run a program; a choice takes the first of its two values where its condition is false. What is not known is
  // carried along as such, since a choice may not take it.
  function run(program, inputs, system) {
    var values = inputs.concat(program.constants.map(system.constant));
    var same = system === BOUNDED ? sharing(values) : function (_, a, b, make) { return make(); };
    program.steps.forEach(function (step) {
      var a = values[step[1]];
      var b = values[step[2]];
      if (a instanceof Unknown) values.push(a);
      else if (step[0] === "select") values.push(a ? values[step[3]] : b);
      else if (b instanceof Unknown) values.push(b);
      else values.push(same(step[0], a, b, function () { return tried(function () { return system[step[0]](a, b); }); }));
    });
    return program.outputs.map(function (place) {
      if (values[place] instanceof Unknown) throw values[place];
      return values[place];
    });
  }

  // The same operation on the same numbers is one number, not two that are known to be close: their difference is 0.
  function sharing(values) {
    var places = new Map();
    var known = new Map();
    function once(key, made) {
      if (!known.has(key)) known.set(key, made);
      return known.get(key);
    }
    function place(a) {
      if (!places.has(a)) places.set(a, places.size);
      return places.get(a);
    }
    function shared(a) {
      return a.e === 0 ? once("number " + a.v + " " + a.k, a) : a;
    }
    values.forEach(function (a, at) { values[at] = shared(a); });
    return function (name, a, b, make) {
      var operands = [place(a), b === undefined ? -1 : place(b)];
      if (name === "add" || name === "mul") operands.sort(function (x, y) { return x - y; });
      var key = name + " " + operands.join(" ");
      return known.has(key) ? known.get(key) : once(key, shared(make()));
    };
  }

  function tried(fn) {
    try {
      return fn();
    } catch (problem) {
      if (!(problem instanceof Unknown)) throw problem;
      return problem;
    }
  }

  // --- What is left of a gradient ----------------------------------------------------------------------------------

  // Lower and upper end of |a| / |b|, for b that is not 0.
  function ratio(a, b) {
    var r = div(abs(a), abs(b));
    return [Math.max(0, (r.v - r.e) * Math.pow(2, r.k)), (r.v + r.e) * Math.pow(2, r.k)];
  }

  function largest(parts) {
    return parts.map(abs).reduce(function (a, b) { return larger(a, b, 1); });
  }

  // The class of a cell, by the rule of the maps; it is unknown where a bound leaves two classes open.
  function classOf(values, truth, form, rule) {
    if (!values.every(isFinite)) return "non-finite";
    var top = largest(truth);
    var lost;
    if (isZero(top)) {
      lost = values.some(function (v) { return v !== 0; });
    } else {
      if (!(top.v > top.e)) return "unknown";
      var low = 0;
      var high = 0;
      values.forEach(function (v, place) {
        var error = ratio(sub(number(v, 0, 0), truth[place]), top);
        low = Math.max(low, error[0]);
        high = Math.max(high, error[1]);
      });
      if (low <= rule.noDigit && high > rule.noDigit) return "unknown";
      lost = low > rule.noDigit;
    }
    function below(limit) {
      return isZero(top) || compare(top, limit) < 0;
    }
    if (lost) {
      if (isZero(top)) return "cancelled";
      var floor = number(rule.room * values.length * Math.pow(2, form.emin + 60), 0, -60);
      return below(floor) ? "underflowed" : "cancelled";
    }
    return below(constant(rule.small)) ? "small" : "alive";
  }

  // Whole decimal digits of the component that fares worst, rounded down; a word where there is none.
  function digitsOf(values, truth, form) {
    if (!values.every(isFinite)) return "not finite";
    var most = form.precision * Math.log10(2);
    var low = most;
    var high = most;
    var least = number(Math.pow(2, form.emin + 60), 0, -60);
    for (var place = 0; place < values.length; place++) {
      if (isZero(truth[place])) {
        if (values[place] !== 0) return "none";
        continue;
      }
      if (compare(abs(truth[place]), least) < 0) return "underflow";
      var error = ratio(sub(number(values[place], 0, 0), truth[place]), truth[place]);
      low = Math.min(low, -Math.log10(error[1]));
      high = Math.min(high, error[0] > 0 ? -Math.log10(error[0]) : most);
    }
    var least_ = low < 1 ? 0 : Math.floor(low);
    var most_ = high < 1 ? 0 : Math.floor(high);
    if (most_ === 0) return "none";
    return least_ === most_ ? String(least_) : least_ + " or more";
  }

  // Everything about one loss at one point.
  //   name: of the loss.   x: logits.   y: target, summing to one.
  //   Returns {truth, reason, formats: {name: {values, class, digits}}}; truth is null where it is not known.
  function at(data, name, x, y) {
    var programs = data.losses[name].sizes[x.length];
    var truth = tried(function () { return run(programs.exact, x.concat(y).map(exactly), BOUNDED); });
    var found = {
      truth: truth instanceof Unknown ? null : truth,
      reason: truth instanceof Unknown ? truth.reason : "",
      formats: {},
    };
    Object.keys(data.formats).forEach(function (format) {
      var form = data.formats[format];
      var system = floats(form);
      var inputs = x.concat(y).map(system.constant);
      var values = run(programs.autodiff, inputs, system);
      // Truth is taken at the numbers that the format rounds the logits to.
      var here = tried(function () { return run(programs.exact, inputs.map(exactly), BOUNDED); });
      var unknown = here instanceof Unknown;
      var named = unknown ? "unknown" : tried(function () { return classOf(values, here, form, data.rule); });
      var digits = unknown ? "unknown" : tried(function () { return digitsOf(values, here, form); });
      found.formats[format] = {
        values: values,
        class: named instanceof Unknown ? "unknown" : named,
        digits: digits instanceof Unknown ? "unknown" : digits,
      };
    });
    return found;
  }

  function outputs(data, x) {
    var y = x.map(function () { return 0; });
    var programs = data.softmax[x.length];
    return {
      shares: run(programs.shares, x.concat(y).map(exactly), BOUNDED),
      rest: run(programs.rest, x.concat(y).map(exactly), BOUNDED),
    };
  }

  // A number as text, with as many digits as are known, at most six.
  function text(a) {
    if (isZero(a)) return "0";
    if (!(Math.abs(a.v) > a.e)) return "not told from 0";
    var known = Math.min(6, Math.floor(-Math.log10(Math.max(a.e / Math.abs(a.v), 1e-15))));
    if (known < 1) known = 1;
    var exponent = Math.log10(Math.abs(a.v)) + a.k * Math.log10(2);
    var sign = a.v < 0 ? "−" : "";
    if (a.k === 0 && exponent > -5 && exponent < 6) {
      var shown = Math.abs(a.v).toPrecision(known);
      return sign + (a.e === 0 ? String(Number(shown)) : shown);
    }
    if (Math.abs(exponent) < 290) {
      var value = Math.abs(a.v * Math.pow(2, a.k));
      var parts = value.toExponential(known - 1).split("e");
      return sign + parts[0] + " · 10" + raised(Number(parts[1]));
    }
    var whole = Math.floor(exponent);
    return sign + Math.pow(10, exponent - whole).toPrecision(Math.min(known, 4)) + " · 10" + raised(whole);
  }

  function raised(whole) {
    return String(whole).replace(/[-0-9]/g, function (c) { return c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]; });
  }

  window.GRADPROOF_CALCULATOR = {
    at: function (name, x, y) { return at(window.GRADPROOF_PROGRAMS, name, x, y); },
    outputs: function (x) { return outputs(window.GRADPROOF_PROGRAMS, x); },
    text: text,
  };

  // --- The page ----------------------------------------------------------------------------------------------------

  var PARTS = 1024; // targets are multiples of one over this, so that they sum to one exactly in every format
  var REACH = 1000;

  function element(tag, attributes, children) {
    var made = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) { made.setAttribute(name, attributes[name]); });
    [].concat(children || []).forEach(function (child) {
      made.append(child);
    });
    return made;
  }

  function whole(value) {
    return Math.round(value * PARTS) / PARTS;
  }

  function Page(root, data) {
    var state = { x: [40, 0], y: [0, 1] };
    var controls = element("div", { class: "calc-controls" });
    var results = element("div", { class: "calc-results" });
    root.replaceChildren(controls, results);

    function fromAddress() {
      var given = new URLSearchParams(location.hash.replace(/^#/, ""));
      var x = (given.get("x") || "").split(",").map(Number);
      if (!(x.length in data.softmax) || !x.every(function (v) { return Math.abs(v) <= REACH; })) return;
      var y = (given.get("y") || "").split(",").map(Number).slice(0, x.length - 1);
      while (y.length < x.length - 1) y.push(0);
      if (!y.every(function (v) { return v >= 0 && v <= 1; })) return;
      state.x = x;
      state.y = completed(y);
    }

    // The last entry is what the others leave; none is negative.
    function completed(first) {
      var left = 1;
      var y = first.map(function (v) {
        var taken = Math.min(whole(v), left);
        left -= taken;
        return taken;
      });
      return y.concat([left]);
    }

    function toAddress() {
      var address = "#x=" + state.x.join(",") + "&y=" + state.y.slice(0, -1).join(",");
      try {
        history.replaceState(null, "", address);
      } catch (problem) {
        // A page that was opened as a file may not change its address in some browsers; nothing else depends on it.
      }
    }

    // A slider for what is usual, and a box beside it for every number from `least` to `most`.
    function pair(label, id, value, low, high, step, least, most, change) {
      var slider = element("input", { type: "range", min: low, max: high, step: step, id: id + "-slider" });
      var box = element("input", { type: "number", min: least, max: most, step: "any", id: id });
      slider.setAttribute("aria-label", label + ", slider");
      slider.value = value;
      box.value = value;
      slider.addEventListener("input", function () { change(Number(slider.value)); });
      box.addEventListener("input", function () {
        // What is not a number yet changes nothing; what is out of reach is said by the browser.
        if (box.value !== "" && box.checkValidity()) change(Number(box.value));
      });
      var row = element("div", { class: "calc-pair" }, [element("label", { for: id }, label), slider, box]);
      var known = value;
      box.addEventListener("change", function () { box.value = known; }); // what was taken of it, once it is left
      row.show = function (now) {
        known = now;
        if (document.activeElement !== slider) slider.value = now;
        if (document.activeElement !== box) box.value = now;
      };
      return row;
    }

    var rows = { x: [], y: [] };
    var last = element("output", { class: "calc-last" });

    function build() {
      var classes = state.x.length;
      rows = { x: [], y: [] };
      var counts = element("div", { class: "calc-buttons", role: "group", "aria-label": "number of classes" });
      [2, 3].forEach(function (count) {
        var button = element("button", { type: "button", "aria-pressed": String(count === classes) }, count + " classes");
        button.addEventListener("click", function () {
          if (count === state.x.length) return;
          state.x = count === 3 ? state.x.concat([0]) : state.x.slice(0, 2);
          state.y = completed(state.y.slice(0, count - 1));
          build();
          render();
        });
        counts.append(button);
      });
      var logits = element("fieldset", {}, element("legend", {}, "Logits, in nats"));
      state.x.forEach(function (value, place) {
        var row = pair("logit of class " + (place + 1), "logit-" + (place + 1), value, -120, 120, 0.5, -REACH, REACH,
          function (now) { state.x[place] = now; render(); });
        rows.x.push(row);
        logits.append(row);
      });
      var target = element("fieldset", {}, element("legend", {}, "Target, sums to one"));
      var quick = element("div", { class: "calc-buttons", role: "group", "aria-label": "target on one class" });
      state.x.forEach(function (_, place) {
        var button = element("button", { type: "button" }, "class " + (place + 1));
        button.addEventListener("click", function () {
          state.y = state.y.map(function (_, other) { return other === place ? 1 : 0; });
          render();
        });
        quick.append(button);
      });
      target.append(quick);
      state.y.slice(0, -1).forEach(function (value, place) {
        var row = pair("target of class " + (place + 1), "target-" + (place + 1), value, 0, 1, 1 / 64, 0, 1,
          function (now) {
            // What is asked for is given; the others make room for it.
            var first = state.y.slice(0, -1);
            first[place] = Math.min(1, Math.max(0, whole(now)));
            var room = 1 - first[place];
            first = first.map(function (v, other) {
              if (other === place) return v;
              var taken = Math.min(v, room);
              room -= taken;
              return taken;
            });
            state.y = completed(first);
            render();
          });
        rows.y.push(row);
        target.append(row);
      });
      target.append(element("p", { class: "calc-rest" }, ["target of class " + classes + ": ", last]));
      var examples = element("div", { class: "calc-buttons", role: "group", "aria-label": "examples" });
      data.examples.forEach(function (example) {
        var button = element("button", { type: "button" }, example.title);
        button.addEventListener("click", function () {
          state.x = example.x.slice();
          state.y = example.y.slice();
          build();
          render();
        });
        examples.append(button);
      });
      controls.replaceChildren(examples, counts, logits, target);
    }

    function swatch(name, digits) {
      var place = data.classes.indexOf(name);
      return element("span", { class: "calc-class", title: data.meaning[name] }, [
        element("span", { class: "swatch", style: "background:" + data.colours[place], "aria-hidden": "true" }),
        name + (digits ? ", " + digits : ""),
      ]);
    }

    function table(caption, header, body) {
      var head = element("tr", {}, header.map(function (each) { return element("th", { scope: "col" }, each); }));
      var lines = body.map(function (cells) {
        return element("tr", {}, cells.map(function (each, place) {
          return place ? element("td", {}, each) : element("th", { scope: "row" }, each);
        }));
      });
      return element("div", { class: "table-wrapper", tabindex: "0", role: "region", "aria-label": caption },
        element("table", { class: "docutils" }, [
          element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, lines),
        ]));
    }

    function render() {
      rows.x.forEach(function (row, place) { row.show(state.x[place]); });
      rows.y.forEach(function (row, place) { row.show(state.y[place]); });
      last.textContent = String(state.y[state.y.length - 1]);
      var sorted = state.x.slice().sort(function (a, b) { return b - a; });
      var winner = state.x.indexOf(sorted[0]);
      var softmax = outputs(data, state.x);
      var formats = Object.keys(data.formats);
      var squared = at(data, data.first, state.x, state.y);
      var summary = element("p", { class: "calc-summary" });
      summary.setAttribute("role", "status");
      summary.append(
        (sorted[0] === sorted[1] ? "A tie" : "Class " + (winner + 1) + " wins") +
          " by a logit gap of " + Number((sorted[0] - sorted[1]).toPrecision(6)) + " nats. JAX's gradient of " + data.first + ": " +
          formats.map(function (format) {
            var here = squared.formats[format];
            var digits = /^\d/.test(here.digits) ? here.digits + (here.digits === "1" ? " digit" : " digits") : "digits: " + here.digits;
            return format + " " + here.class + ", " + digits;
          }).join("; ") + ".");
      var classes = state.x.map(function (value, place) {
        return ["class " + (place + 1), String(value), String(state.y[place]),
          text(softmax.shares[place]), text(softmax.rest[place])];
      });
      var hot = state.y.some(function (v) { return v === 1; });
      var losses = [];
      Object.keys(data.losses).forEach(function (name) {
        var cells = [name];
        if (data.losses[name].oneHot && !hot) {
          losses.push(cells.concat("needs a target on one class", formats.slice(1).concat(state.x).map(function () { return ""; })));
          return;
        }
        var found = at(data, name, state.x, state.y);
        formats.forEach(function (format) {
          var here = found.formats[format];
          cells.push(swatch(here.class, /^\d/.test(here.digits) ? here.digits : ""));
        });
        state.x.forEach(function (_, place) {
          cells.push(found.truth ? text(found.truth[place]) : place ? "" : "unknown: " + found.reason);
        });
        losses.push(cells);
      });
      var header = ["loss"].concat(
        formats.map(function (format) { return format + ": class, digits kept"; }),
        state.x.map(function (_, place) { return "true gradient by logit " + (place + 1); }));
      var scrolled = results.lastElementChild ? results.lastElementChild.scrollLeft : 0;
      results.replaceChildren(summary,
        table("Softmax σ of the logits", ["class", "logit", "target", "σ", "1 − σ"], classes),
        table("The gradient of each loss, and what floats keep of it", header, losses));
      results.lastElementChild.scrollLeft = scrolled;
      toAddress();
    }

    fromAddress();
    build();
    render();
    window.addEventListener("hashchange", function () {
      fromAddress();
      build();
      render();
    });
  }

  function start() {
    var root = document.getElementById("calculator-here");
    if (root && window.GRADPROOF_PROGRAMS) Page(root, window.GRADPROOF_PROGRAMS);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
