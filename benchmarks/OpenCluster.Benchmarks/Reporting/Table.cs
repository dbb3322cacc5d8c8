using System.Globalization;

namespace OpenCluster.Benchmarks.Reporting;

/// <summary>Columns as wide as their widest cell; numbers to the right.</summary>
internal static class Table
{
    public static string Of(Report report) => Aligned(
        ["work", "ours", "peer", "unit", "ratio", "bound", ""],
        report.Rows.Select(r => (string[])
        [
            r.Work, Number(r.Ours), r.Peer is { } peer ? $"{Number(peer)} {r.PeerName}" : "-", r.Unit, r.Ratio.ToString("0.00", CultureInfo.InvariantCulture),
            Number(r.Bound), r.Ok ? "ok" : "MISSED",
        ]));

    public static string Aligned(string[] heads, IEnumerable<string[]> rows)
    {
        string[][] all = [heads, .. rows];
        var widths = heads.Select((_, column) => all.Max(row => row[column].Length)).ToArray();
        return string.Join('\n', all.Select(row => string.Join("  ", row.Select((cell, column) => Cell(cell, widths[column]))).TrimEnd()));
    }

    private static string Cell(string text, int width) => text.Length > 0 && char.IsAsciiDigit(text[0]) ? text.PadLeft(width) : text.PadRight(width);

    private static string Number(double value) => value.ToString(value < 10 ? "0.##" : value < 100 ? "0.#" : "#,0", CultureInfo.InvariantCulture);
}
