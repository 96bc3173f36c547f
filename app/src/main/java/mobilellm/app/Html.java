package mobilellm.app;

import java.util.List;
import java.util.Locale;

/// Pages that need no other file and are read without colours.
final class Html {
    private static final String STYLE =
            """
            body { font: 16px/1.5 system-ui, sans-serif; max-width: 74rem; margin: 2rem auto; padding: 0 1rem;
              color: #111; background: #fff; overflow-wrap: break-word }
            table { display: block; overflow-x: auto; border-collapse: collapse; margin: 1rem 0 }
            td, th { border-bottom: 1px solid #999; padding: .2rem .7rem; text-align: left }
            td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
            .facts td + td { overflow-wrap: anywhere }
            .published { font-style: italic }
            figure { display: inline-block; margin: 0 1rem 1rem 0; vertical-align: top }
            figcaption { max-width: 20rem; font-size: .9rem }
            svg { font: 11px system-ui, sans-serif; fill: #111 }
            text { paint-order: stroke; stroke: #fff; stroke-width: 3 }
            line { stroke: #111 } .grid { stroke: #ccc } .ideal { stroke-dasharray: 5 4 } .chance { stroke-dasharray: 1 4 }
            .bar { stroke-width: 2 } .mark { fill: #111 } .hollow { fill: #fff; stroke: #111; stroke-width: 1.5 } .path { stroke-width: 1.5 }
            .scale { display: block; overflow: visible }
            summary { cursor: pointer; margin: .5rem 0 } .text { white-space: pre-wrap; overflow-wrap: anywhere }
            """;

    private Html() {}

    /// Text within a page.
    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    /// A whole page.
    ///
    /// @param body what stands under its heading
    static String page(String title, CharSequence body) {
        return """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">\
        <title>%1$s</title><style>%2$s</style></head><body>
        <h1>%1$s</h1>
        %3$s</body></html>
        """
                .formatted(escape(title), STYLE, body);
    }

    /// A row of a table, of cells that are escaped already.
    ///
    /// @param words how many cells hold words; the others hold numbers
    static void row(StringBuilder page, int words, List<String> cells) {
        page.append("<tr>");
        for (int i = 0; i < cells.size(); i++) {
            page.append(i < words ? "<td>" : "<td class=\"n\">")
                    .append(cells.get(i))
                    .append("</td>");
        }
        page.append("</tr>\n");
    }

    static void headings(StringBuilder page, List<String> cells) {
        page.append("<tr>");
        cells.forEach(cell -> page.append("<th>").append(escape(cell)).append("</th>"));
        page.append("</tr>\n");
    }

    /// A share of 0 to 1 as a bar of 120 pixels.
    static String bar(double share) {
        return String.format(
                Locale.ROOT,
                "<svg class=\"scale\" width=\"120\" height=\"12\" aria-hidden=\"true\">"
                        + "<line class=\"grid\" x1=\"0\" y1=\"6\" x2=\"120\" y2=\"6\"/>"
                        + "<rect class=\"mark\" y=\"2\" width=\"%.1f\" height=\"8\"/></svg>",
                120 * Math.clamp(share, 0, 1));
    }

    static void figure(StringBuilder page, String svg, String caption) {
        page.append("<figure>")
                .append(svg)
                .append("<figcaption>")
                .append(escape(caption))
                .append("</figcaption></figure>\n");
    }
}
