/* Maps to move about in. Each map's data is a script of its own, loaded when its section is first opened; one canvas
   draws it, one cell of the grid a rectangle. A section may be read without this script: figure and table are above. */
(function () {
  "use strict";

  var BASE = document.currentScript.src.replace(/[^/]*$/, "") + "maps/";
  var SMALLEST = 4; // cells across that one can zoom in to
  var STRIDES = [1, 2, 4, 5, 8, 10, 16, 20, 25, 32, 40, 50, 64, 80, 100];
  // Even steps of the palette cividis, dark for the lowest.
  var SHADES = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"];

  function element(tag, attributes, children) {
    var made = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) { made.setAttribute(name, attributes[name]); });
    [].concat(children || []).forEach(function (child) { made.append(child); });
    return made;
  }

  function within(value, low, high) {
    return Math.max(low, Math.min(high, value));
  }

  function clean(value) {
    return String(Number(value.toPrecision(6))).replace("-", "−");
  }

  function raised(whole) {
    return String(whole).replace(/[-0-9]/g, function (c) { return c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]; });
  }

  // A number from its decimal logarithm, which is kept to three places: three digits, the last of them uncertain.
  function fromLogarithm(log) {
    if (log === null) return "0";
    if (log > -3 && log < 4) return String(Number(Math.pow(10, log).toPrecision(3)));
    var whole = Math.floor(log);
    var front = Math.pow(10, log - whole).toPrecision(3);
    return Number(front) >= 10 ? "1.00 · 10" + raised(whole + 1) : front + " · 10" + raised(whole);
  }

  // --- Data ---------------------------------------------------------------------------------------------------------

  // "a35b2" is 35 cells of the first class, then 2 of the second.
  function codes(text, count) {
    var found = new Uint8Array(count);
    var at = 0;
    text.replace(/([a-z])(\d*)/g, function (_, letter, length) {
      var end = at + (length ? Number(length) : 1);
      found.fill(letter.charCodeAt(0) - 97, at, end);
      at = end;
    });
    return found;
  }

  // Thousandths, each less the one before; "x" stands for the logarithm of 0.
  function logarithms(text) {
    var last = 0;
    return text.split(" ").map(function (part) {
      if (part === "x") return null;
      last += Number(part);
      return last / 1000;
    });
  }

  function Data(raw) {
    this.raw = raw;
    this.axes = raw.axes;
    this.count = raw.axes.reduce(function (product, axis) { return product * axis.values.length; }, 1);
    this.kept = {};
  }

  Data.prototype.codes = function (quantity, format) {
    var text = this.raw.classes && this.raw.classes[quantity] && this.raw.classes[quantity][format];
    var key = "class " + quantity + " " + format;
    if (text !== undefined && !this.kept[key]) this.kept[key] = codes(text, this.count);
    return this.kept[key] || null;
  };

  // Values that are all positive and of very different size are shown by their logarithms.
  Data.prototype.logged = function (quantity) {
    if (this.raw.truth) return true;
    var known = this.raw.values[quantity].filter(function (each) { return each !== null; });
    var least = known.reduce(function (a, b) { return Math.min(a, b); }, Infinity);
    var most = known.reduce(function (a, b) { return Math.max(a, b); }, -Infinity);
    return least > 0 && most > 1000 * least;
  };

  // What is shown as a height or a shade: logarithms of true values and of such values, or values themselves.
  Data.prototype.heights = function (quantity) {
    if (!this.kept[quantity]) {
      var values = this.raw.truth ? logarithms(this.raw.truth[quantity]) : this.raw.values[quantity];
      if (!this.raw.truth && this.logged(quantity)) {
        values = values.map(function (each) { return each === null ? null : Math.log10(each); });
      }
      this.kept[quantity] = values;
    }
    return this.kept[quantity];
  };

  Data.prototype.name = function (axis, place) {
    var given = this.axes[axis];
    return given.names.length ? given.names[place] : clean(given.values[place]);
  };

  // Where a value stands among the cells of an axis: cell i covers i to i + 1; null beyond the first and the last.
  function placeOf(axis, value) {
    var values = axis.values;
    if (!(value >= values[0] && value <= values[values.length - 1])) return null;
    var next = values.findIndex(function (each) { return each >= value; });
    if (next <= 0) return 0.5;
    return next - 0.5 + (value - values[next - 1]) / (values[next] - values[next - 1]);
  }

  // --- One map ------------------------------------------------------------------------------------------------------

  function View(root, raw) {
    var data = new Data(raw);
    var classed = Boolean(raw.classes);
    var across = raw.across;
    var up = raw.up; // -1 where there is one axis only
    var others = data.axes.map(function (_, place) { return place; }).filter(function (place) {
      return place !== across && place !== up;
    });
    var columns = data.axes[across].values.length;
    var lines = up < 0 ? 1 : data.axes[up].values.length;
    var strides = [];
    // The first axis is the fastest, then from the last one back.
    strides[0] = 1;
    var stride = data.axes[0].values.length;
    for (var place = data.axes.length - 1; place > 0; place--) {
      strides[place] = stride;
      stride *= data.axes[place].values.length;
    }
    var state = {
      quantity: raw.quantities[0],
      format: raw.formats[0],
      colour: classed ? "class" : "size",
      row: up < 0 ? 0 : -1, // -1 is the whole plane
      fixed: others.map(function () { return 0; }),
      cell: null,
      lines: true,
    };
    var sight = { left: 0, right: columns, bottom: 0, top: lines };

    function index(column, line) {
      var found = column * strides[across] + (up < 0 ? 0 : line * strides[up]);
      others.forEach(function (axis, place) { found += state.fixed[place] * strides[axis]; });
      return found;
    }

    // --- Controls ---------------------------------------------------------------------------------------------------

    var controls = element("div", { class: "map-controls" });
    var canvas = element("canvas", {
      class: "map-canvas", tabindex: "0", role: "application", "aria-label": "Map: " + raw.title,
      "aria-describedby": raw.name + "-keys",
    });
    var read = element("output", { class: "map-read", "aria-live": "polite" });
    var legend = element("ul", { class: "map-legend", "aria-label": "what the colours mean" });
    var told = element("p", { class: "map-told" });
    var keys = element("p", { class: "map-keys", id: raw.name + "-keys" },
      "Point at a cell to read it. Wheel or + and − zoom, dragging moves, 0 shows all. With the map in focus, arrow keys " +
      "go from cell to cell, Home and End to the ends of a row.");
    root.replaceChildren(controls, canvas, read, legend, told, keys);

    function choose(label, name, options, chosen, change) {
      var select = element("select", { id: raw.name + "-" + name, "data-control": name },
        options.map(function (each) {
          return element("option", { value: String(each[0]) }, each[1]);
        }));
      select.value = String(chosen);
      select.addEventListener("change", function () { change(select.value); draw(); tell(); });
      controls.append(element("div", { class: "map-choice" }, [
        element("label", { for: select.id }, label), select]));
    }

    function named(list) {
      return list.map(function (each) { return [each, each]; });
    }

    function places(axis) {
      return data.axes[axis].values.map(function (_, place) { return [place, data.name(axis, place)]; });
    }

    choose(classed ? "loss" : "what is shown", "quantity", named(raw.quantities), state.quantity,
      function (value) { state.quantity = value; });
    if (raw.formats.length > 1) {
      choose("format", "format", named(raw.formats), state.format, function (value) { state.format = value; });
    }
    if (up >= 0) {
      choose(data.axes[up].label, "row", [[-1, "all: the whole map"]].concat(places(up)), state.row, function (value) {
        state.row = Number(value);
        sight.bottom = 0;
        sight.top = lines;
        if (state.cell && state.row >= 0) state.cell.line = state.row;
      });
    }
    others.forEach(function (axis, place) {
      choose(data.axes[axis].label, "axis-" + data.axes[axis].name, places(axis), 0,
        function (value) { state.fixed[place] = Number(value); });
    });
    if (classed) {
      choose("colour", "colour", [["class", "class of the cell"], ["size", "size of the true gradient"]], "class",
        function (value) { state.colour = value; });
    }
    var buttons = element("div", { class: "map-choice map-buttons", role: "group", "aria-label": "zoom" });
    [["in", "+", "zoom in"], ["out", "−", "zoom out"], ["all", "all", "show all"]].forEach(function (each) {
      var button = element("button", { type: "button", "data-zoom": each[0], "aria-label": each[2], title: each[2] }, each[1]);
      button.addEventListener("click", function () {
        if (each[0] === "all") whole();
        else zoom(each[0] === "in" ? 1 / 1.6 : 1.6, middle());
      });
      buttons.append(button);
    });
    controls.append(buttons);
    if (raw.lines.length) {
      var box = element("input", { type: "checkbox", id: raw.name + "-lines", "data-control": "lines" });
      box.checked = true;
      box.addEventListener("change", function () { state.lines = box.checked; draw(); });
      controls.append(element("div", { class: "map-choice map-check" }, [
        box, element("label", { for: box.id }, "lines by hand")]));
    }

    // --- What is in sight ---------------------------------------------------------------------------------------------

    function middle() {
      if (state.cell) return { x: state.cell.column + 0.5, y: state.cell.line + 0.5 };
      return { x: (sight.left + sight.right) / 2, y: (sight.bottom + sight.top) / 2 };
    }

    function whole() {
      sight = { left: 0, right: columns, bottom: 0, top: lines };
      draw();
    }

    function all() {
      return sight.right - sight.left >= columns && sight.top - sight.bottom >= lines;
    }

    function span(low, high, factor, fixed, most) {
      var width = within((high - low) * factor, Math.min(SMALLEST, most), most);
      var start = within(fixed - (fixed - low) * (width / (high - low)), 0, most - width);
      return [start, start + width];
    }

    // Zoom with a point of the map held where it is; whether anything changed.
    function zoom(factor, at) {
      var before = JSON.stringify(sight);
      var x = span(sight.left, sight.right, factor, at.x, columns);
      var y = state.row < 0 ? span(sight.bottom, sight.top, factor, at.y, lines) : [0, lines];
      sight = { left: x[0], right: x[1], bottom: y[0], top: y[1] };
      draw();
      return JSON.stringify(sight) !== before;
    }

    function move(dx, dy) {
      var width = sight.right - sight.left;
      var height = sight.top - sight.bottom;
      sight.left = within(sight.left + dx, 0, columns - width);
      sight.right = sight.left + width;
      sight.bottom = within(sight.bottom + dy, 0, lines - height);
      sight.top = sight.bottom + height;
      draw();
    }

    // --- Drawing ----------------------------------------------------------------------------------------------------

    var frame = { left: 60, right: 8, top: 10, bottom: 46, width: 1, height: 1 };

    function ends(heights) {
      var known = heights.filter(function (each) { return each !== null; });
      if (!known.length) return [-1, 0];
      var low = known.reduce(function (a, b) { return Math.min(a, b); });
      var high = known.reduce(function (a, b) { return Math.max(a, b); });
      return high > low ? [low, high] : [low - 0.5, high + 0.5];
    }

    function shade(value, low, high) {
      if (value === null) return SHADES[0];
      var at = within((value - low) / (high - low), 0, 1) * (SHADES.length - 1);
      var first = Math.min(Math.floor(at), SHADES.length - 2);
      var mixed = [1, 3, 5].map(function (from) {
        var a = parseInt(SHADES[first].slice(from, from + 2), 16);
        var b = parseInt(SHADES[first + 1].slice(from, from + 2), 16);
        return Math.round(a + (b - a) * (at - first));
      });
      return "rgb(" + mixed.join(",") + ")";
    }

    function toX(x) {
      return frame.left + ((x - sight.left) / (sight.right - sight.left)) * frame.width;
    }

    function toY(y) {
      return frame.top + (1 - (y - sight.bottom) / (sight.top - sight.bottom)) * frame.height;
    }

    function draw() {
      var ratio = window.devicePixelRatio || 1;
      var width = canvas.clientWidth;
      var height = canvas.clientHeight;
      if (!width || !height) return;
      if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
      }
      var pen = canvas.getContext("2d");
      var ink = getComputedStyle(canvas).color;
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, width, height);
      pen.font = "12px " + getComputedStyle(canvas).fontFamily;
      pen.fillStyle = pen.strokeStyle = ink;
      var heights = data.heights(state.quantity);
      var range = ends(heights);
      measure(pen, width, height, range);
      pen.save();
      pen.beginPath();
      pen.rect(frame.left, frame.top, frame.width, frame.height);
      pen.clip();
      if (state.row < 0) drawPlane(pen, heights, range);
      else drawRow(pen, heights, range, ink);
      pen.restore();
      pen.fillStyle = pen.strokeStyle = ink;
      drawAxes(pen, width, height, range);
      drawCell(pen, ink, heights, range);
      canvas.style.touchAction = all() ? "pan-y" : "none";
      showLegend(range);
    }

    function measure(pen, width, height, range) {
      var widest = ticksUp(range).reduce(function (most, each) { return Math.max(most, pen.measureText(each[1]).width); }, 0);
      frame.left = Math.min(Math.ceil(widest) + 30, width * 0.4);
      frame.width = Math.max(10, width - frame.left - frame.right);
      frame.height = Math.max(10, height - frame.top - frame.bottom);
    }

    function drawPlane(pen, heights, range) {
      var found = state.colour === "class" ? data.codes(state.quantity, state.format) : null;
      for (var line = Math.floor(sight.bottom); line < Math.min(lines, Math.ceil(sight.top)); line++) {
        var top = Math.round(toY(line + 1));
        var tall = Math.round(toY(line)) - top;
        for (var column = Math.floor(sight.left); column < Math.min(columns, Math.ceil(sight.right)); column++) {
          var at = index(column, line);
          pen.fillStyle = found ? raw.colours[found[at]] : shade(heights[at], range[0], range[1]);
          var start = Math.round(toX(column));
          pen.fillRect(start, top, Math.round(toX(column + 1)) - start, tall);
        }
      }
      if (state.lines) drawLines(pen);
    }

    // Boundaries that were derived by hand: one number for each row of cells, or each column.
    function here() {
      return raw.lines.filter(function (each) {
        return each.quantity === state.quantity && each.format === state.format;
      });
    }

    function drawLines(pen) {
      here().forEach(function (each) {
        var turned = up >= 0 && each.along === data.axes[up].name;
        if (!turned && each.along !== data.axes[across].name) return;
        var axis = data.axes[turned ? up : across];
        var points = [];
        each.drawn.forEach(function (value, place) {
          var found = value === null ? null : placeOf(axis, value);
          if (found !== null) points.push([found, place]);
        });
        if (!points.length) return;
        var path = [];
        points.forEach(function (point, number) {
          // A line that is about one row only goes through that row.
          if (number === 0) path.push([point[0], point[1]]);
          path.push([point[0], point[1] + 0.5]);
          if (number === points.length - 1) path.push([point[0], point[1] + 1]);
        });
        [["#ffffff", 3, []], ["#000000", 1.4, [5, 3]]].forEach(function (style) {
          pen.strokeStyle = style[0];
          pen.lineWidth = style[1];
          pen.setLineDash(style[2]);
          pen.beginPath();
          path.forEach(function (point) {
            if (turned) pen.lineTo(toX(point[1]), toY(point[0]));
            else pen.lineTo(toX(point[0]), toY(point[1]));
          });
          pen.stroke();
        });
        pen.setLineDash([]);
      });
    }

    // Height of a value in the picture of one row; the foot is kept for the classes.
    var FOOT = 12;

    function heightOf(value, range) {
      return frame.top + 6 + (1 - (value - range[0]) / (range[1] - range[0])) * (frame.height - FOOT - 14);
    }

    function drawRow(pen, heights, range, ink) {
      var found = data.codes(state.quantity, state.format);
      var from = Math.max(0, Math.floor(sight.left) - 1);
      var to = Math.min(columns, Math.ceil(sight.right) + 1);
      pen.strokeStyle = ink;
      pen.lineWidth = 1.2;
      pen.beginPath();
      var open = false;
      for (var column = from; column < to; column++) {
        var value = heights[index(column, state.row)];
        if (value === null) {
          open = false;
          continue;
        }
        if (open) pen.lineTo(toX(column + 0.5), heightOf(value, range));
        else pen.moveTo(toX(column + 0.5), heightOf(value, range));
        open = true;
      }
      pen.stroke();
      for (column = from; column < to; column++) {
        var at = index(column, state.row);
        var left = toX(column);
        pen.fillStyle = found ? raw.colours[found[at]] : ink;
        if (found) pen.fillRect(left, frame.top + frame.height - FOOT, toX(column + 1) - left + 0.5, FOOT);
        if (heights[at] === null) continue;
        pen.beginPath();
        pen.arc(toX(column + 0.5), heightOf(heights[at], range), 3.5, 0, 2 * Math.PI);
        pen.fill();
        pen.lineWidth = 0.8;
        pen.stroke();
      }
    }

    // Some cells of an axis in sight, evenly chosen, with their names.
    function ticks(axis, low, high, most) {
      var first = Math.max(0, Math.ceil(low - 0.5));
      var last = Math.min(data.axes[axis].values.length - 1, Math.floor(high - 0.5));
      var least = (last - first + 1) / most;
      var every = STRIDES.find(function (each) { return each >= least; }) || Math.ceil(least);
      var found = [];
      for (var place = Math.ceil(first / every) * every; place <= last; place += every) {
        found.push([place, data.name(axis, place)]);
      }
      return found;
    }

    function ticksUp(range) {
      if (state.row < 0) return ticks(up, sight.bottom, sight.top, 9);
      var step = Math.pow(10, Math.floor(Math.log10((range[1] - range[0]) / 2)));
      if ((range[1] - range[0]) / step > 12) step *= 5;
      else if ((range[1] - range[0]) / step > 6) step *= 2;
      var found = [];
      for (var value = Math.ceil(range[0] / step) * step; value <= range[1] + 1e-9 * step; value += step) {
        found.push([value, clean(Math.abs(value) < 1e-9 * step ? 0 : value)]);
      }
      return found;
    }

    function drawAxes(pen, width, height, range) {
      pen.lineWidth = 1;
      pen.strokeRect(frame.left + 0.5, frame.top + 0.5, frame.width - 1, frame.height - 1);
      pen.textBaseline = "top";
      pen.textAlign = "center";
      var bottom = frame.top + frame.height;
      var widest = ticks(across, sight.left, sight.right, 8).reduce(function (most, each) {
        return Math.max(most, pen.measureText(each[1]).width);
      }, 20);
      ticks(across, sight.left, sight.right, within(Math.floor(frame.width / (widest + 14)), 1, 12)).forEach(function (each) {
        var x = toX(each[0] + 0.5);
        pen.fillRect(x - 0.5, bottom, 1, 4);
        pen.fillText(each[1], within(x, frame.left, width - pen.measureText(each[1]).width / 2), bottom + 7);
      });
      pen.fillText(words(data.axes[across]), frame.left + frame.width / 2, height - 16, frame.width);
      pen.textBaseline = "middle";
      pen.textAlign = "right";
      ticksUp(range).forEach(function (each) {
        var y = state.row < 0 ? toY(each[0] + 0.5) : heightOf(each[0], range);
        pen.fillRect(frame.left - 4, y - 0.5, 4, 1);
        pen.fillText(each[1], frame.left - 7, y, frame.left - 26);
      });
      pen.save();
      pen.translate(9, frame.top + frame.height / 2);
      pen.rotate(-Math.PI / 2);
      pen.textAlign = "center";
      pen.fillText(state.row < 0 ? words(data.axes[up]) : raw.height + (data.logged(state.quantity) ? ", decimal logarithm" : ""), 0, 0, frame.height);
      pen.restore();
    }

    function words(axis) {
      return axis.label + (axis.unit ? ", " + axis.unit : "");
    }

    function drawCell(pen, ink, heights, range) {
      if (!state.cell) return;
      var x = toX(state.cell.column);
      var wide = toX(state.cell.column + 1) - x;
      if (x + wide < frame.left || x > frame.left + frame.width) return;
      pen.save();
      pen.beginPath();
      pen.rect(frame.left - 2, frame.top - 2, frame.width + 4, frame.height + 4);
      pen.clip();
      if (state.row < 0) {
        var y = toY(state.cell.line + 1);
        var tall = toY(state.cell.line) - y;
        [["#ffffff", 4], ["#000000", 2]].forEach(function (style) {
          pen.strokeStyle = style[0];
          pen.lineWidth = style[1];
          pen.strokeRect(x, y, wide, tall);
        });
      } else {
        var value = heights[index(state.cell.column, state.row)];
        pen.strokeStyle = ink;
        pen.lineWidth = 1;
        pen.setLineDash([3, 3]);
        pen.beginPath();
        pen.moveTo(x + wide / 2, frame.top);
        pen.lineTo(x + wide / 2, frame.top + frame.height);
        pen.stroke();
        pen.setLineDash([]);
        if (value !== null) {
          pen.lineWidth = 2;
          pen.beginPath();
          pen.arc(x + wide / 2, heightOf(value, range), 6, 0, 2 * Math.PI);
          pen.stroke();
        }
      }
      pen.restore();
    }

    // --- Words ------------------------------------------------------------------------------------------------------

    var shown = "";

    function showLegend(range) {
      var made = [];
      var found = data.codes(state.quantity, state.format);
      if (found && (state.colour === "class" || state.row >= 0)) {
        var counts = raw.classNames.map(function () { return 0; });
        var cells = 0;
        var from = state.row < 0 ? Math.floor(sight.bottom) : state.row;
        var to = state.row < 0 ? Math.min(lines, Math.ceil(sight.top)) : state.row + 1;
        for (var line = from; line < to; line++) {
          for (var column = Math.floor(sight.left); column < Math.min(columns, Math.ceil(sight.right)); column++) {
            counts[found[index(column, line)]]++;
            cells++;
          }
        }
        counts.forEach(function (count, code) {
          if (!count) return;
          var share = (100 * count) / cells;
          made.push([raw.colours[code], raw.classNames[code] + " " + (share < 1 ? "under 1" : share.toFixed(0)) + " %"]);
        });
        made.push([null, "of " + cells + " cells in sight"]);
      } else if (state.row < 0) {
        [0, 0.25, 0.5, 0.75, 1].forEach(function (at) {
          var value = range[0] + at * (range[1] - range[0]);
          made.push([shade(value, range[0], range[1]), data.logged(state.quantity) ? fromLogarithm(value) : clean(Number(value.toPrecision(3)))]);
        });
      }
      var now = JSON.stringify(made);
      if (now === shown) return;
      shown = now;
      legend.replaceChildren.apply(legend, made.map(function (each) {
        if (!each[0]) return element("li", {}, each[1]);
        return element("li", {}, [
          element("span", { class: "swatch", style: "background:" + each[0], "aria-hidden": "true" }), each[1]]);
      }));
    }

    function at(column, line) {
      var parts = [data.axes[across].label + " " + data.name(across, column) + unit(across)];
      if (up >= 0) parts.push(data.axes[up].label + " " + data.name(up, line) + unit(up));
      others.forEach(function (axis, place) {
        parts.push(data.axes[axis].label + " " + data.name(axis, state.fixed[place]) + unit(axis));
      });
      return parts.join(", ");
    }

    function unit(axis) {
      return data.axes[axis].unit ? " " + data.axes[axis].unit : "";
    }

    // What is known of the cell that is pointed at.
    function tell() {
      if (!state.cell) {
        read.replaceChildren("No cell is pointed at.");
        told.replaceChildren();
        return;
      }
      var column = state.cell.column;
      var line = state.row < 0 ? state.cell.line : state.row;
      var place = index(column, line);
      var value = data.heights(state.quantity)[place];
      if (!classed) {
        value = raw.values[state.quantity][place];
        read.replaceChildren(at(column, line) + ": " + state.quantity + " ",
          element("strong", {}, value === null ? "not finite" : clean(value)));
        return;
      }
      var name = raw.classNames[data.codes(state.quantity, state.format)[place]];
      read.replaceChildren(at(column, line) + ": " + state.quantity + " in " + state.format + " is ",
        element("strong", {}, name), "; largest true component " + fromLogarithm(value) + ".");
      var parts = [name + ": " + raw.meaning[name] + "."];
      if (raw.formats.length > 1) {
        parts.push(raw.formats.filter(function (format) { return data.codes(state.quantity, format); })
          .map(function (format) {
            return format + " " + raw.classNames[data.codes(state.quantity, format)[place]];
          }).join(", ") + ".");
      }
      told.replaceChildren(parts.join(" ") + " ");
      if (raw.calculator) {
        var address = "calculator.html#x=" + entries(raw.calculator.x, column, line) + "&y=" +
          entries(raw.calculator.y, column, line);
        told.append(element("a", { href: address }, "This point in the calculator"));
      }
    }

    // Numbers, and names of axes, as the address of the calculator has them.
    function entries(list, column, line) {
      return list.map(function (each) {
        if (typeof each === "number") return each;
        var axis = data.axes.findIndex(function (known) { return known.name === each; });
        return data.axes[axis].values[axis === across ? column : line];
      }).join(",");
    }

    function point(column, line) {
      column = within(column, 0, columns - 1);
      line = state.row >= 0 ? state.row : within(line, 0, lines - 1);
      if (state.cell && state.cell.column === column && state.cell.line === line) return;
      state.cell = { column: column, line: line };
      draw();
      tell();
    }

    // --- Pointer and keys -------------------------------------------------------------------------------------------

    function under(event) {
      var box = canvas.getBoundingClientRect();
      return {
        x: sight.left + ((event.clientX - box.left - frame.left) / frame.width) * (sight.right - sight.left),
        y: sight.bottom + (1 - (event.clientY - box.top - frame.top) / frame.height) * (sight.top - sight.bottom),
      };
    }

    function isInside(at_) {
      return at_.x >= sight.left && at_.x < sight.right && at_.y >= sight.bottom && at_.y < sight.top;
    }

    var held = null;
    var moved = false; // whether the pointer itself has moved here: a page that scrolls under it shall not zoom

    canvas.addEventListener("pointerdown", function (event) {
      held = { x: event.clientX, y: event.clientY };
      var start = under(event);
      if (isInside(start)) point(Math.floor(start.x), Math.floor(start.y));
      if (!all() && canvas.setPointerCapture) canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", function (event) {
      if (event.movementX || event.movementY) moved = true;
      if (held && !all()) {
        move(-((event.clientX - held.x) / frame.width) * (sight.right - sight.left),
          ((event.clientY - held.y) / frame.height) * (state.row < 0 ? sight.top - sight.bottom : 0));
        held = { x: event.clientX, y: event.clientY };
        return;
      }
      var found = under(event);
      if (isInside(found)) point(Math.floor(found.x), Math.floor(found.y));
    });
    ["pointerup", "pointercancel"].forEach(function (name) {
      canvas.addEventListener(name, function () { held = null; });
    });
    canvas.addEventListener("pointerleave", function () { moved = false; });
    canvas.addEventListener("wheel", function (event) {
      if (!moved && document.activeElement !== canvas && !event.ctrlKey) return;
      var found = under(event);
      if (!isInside(found)) return;
      // At either end the wheel scrolls the page again.
      if (zoom(event.deltaY < 0 ? 1 / 1.25 : 1.25, found)) event.preventDefault();
    }, { passive: false });
    canvas.addEventListener("keydown", function (event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      var cell = state.cell || { column: Math.floor(middle().x), line: Math.floor(middle().y) };
      var far = event.shiftKey ? 10 : 1;
      var moves = {
        ArrowLeft: [cell.column - far, cell.line], ArrowRight: [cell.column + far, cell.line],
        ArrowUp: [cell.column, cell.line + far], ArrowDown: [cell.column, cell.line - far],
        Home: [0, cell.line], End: [columns - 1, cell.line],
      };
      if (event.key === "+" || event.key === "=") zoom(1 / 1.6, middle());
      else if (event.key === "-" || event.key === "−") zoom(1.6, middle());
      else if (event.key === "0") whole();
      else if (moves[event.key]) {
        point(moves[event.key][0], moves[event.key][1]);
        follow();
      } else return;
      event.preventDefault();
    });
    canvas.addEventListener("focus", function () {
      if (!state.cell) point(Math.floor(middle().x), Math.floor(middle().y));
    });

    // Keep the cell in sight.
    function follow() {
      var dx = Math.min(0, state.cell.column - sight.left) + Math.max(0, state.cell.column + 1 - sight.right);
      var dy = Math.min(0, state.cell.line - sight.bottom) + Math.max(0, state.cell.line + 1 - sight.top);
      if (dx || dy) move(dx, state.row < 0 ? dy : 0);
    }

    new ResizeObserver(draw).observe(canvas);
    new MutationObserver(draw).observe(document.body, { attributes: true, attributeFilter: ["data-theme"] });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    draw();
    tell();
  }

  // --- Sections -----------------------------------------------------------------------------------------------------

  function load(section) {
    var root = section.querySelector(".map-here");
    var name = section.dataset.map;
    if (section.dataset.state) return;
    section.dataset.state = "loading";
    root.textContent = "Loading …";
    var script = element("script", { src: BASE + name + ".js" });
    script.addEventListener("load", function () {
      section.dataset.state = "ready";
      View(root, window.GRADPROOF_MAPS[name]);
    });
    script.addEventListener("error", function () {
      delete section.dataset.state; // opening it again tries again
      root.textContent = "The data of this map could not be loaded from " + script.src + ". The figure and the table " +
        "above show the same cells; close and open this section to try again.";
    });
    document.head.append(script);
  }

  function start() {
    document.querySelectorAll("details.map").forEach(function (section) {
      section.addEventListener("toggle", function () { if (section.open) load(section); });
      if (section.open) load(section);
    });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
