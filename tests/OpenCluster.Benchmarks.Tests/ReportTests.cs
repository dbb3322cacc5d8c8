using System.Text.Json;
using OpenCluster.Benchmarks.Reporting;

namespace OpenCluster.Benchmarks.Tests;

public class ReportTests
{
    [Fact]
    public void A_report_is_one_line_of_json_with_the_agreed_names()
    {
        var report = new Report("lb", [Row.Against("HTTP/1.1 kept, 66 B", 8, "haproxy", 10, "CPU µs/request", 1), Row.Within("trim warnings", 0, "warnings", 0)]);

        var json = JsonSerializer.Serialize(report, ReportJson.Default.Report);

        Assert.DoesNotContain('\n', json);
        Assert.Equal(
            """{"bench":"lb","rows":[{"work":"HTTP/1.1 kept, 66 B","ours":8,"peer":10,"peer_name":"haproxy","unit":"CPU \u00B5s/request","ratio":0.8,"bound":1,"ok":true},"""
            + """{"work":"trim warnings","ours":0,"peer":null,"peer_name":null,"unit":"warnings","ratio":0,"bound":0,"ok":true}]}""",
            json);
    }

    [Theory]
    [InlineData(11, 10, 1, 1.1, false)]
    [InlineData(10, 10, 1, 1, true)]
    [InlineData(15, 10, 2, 1.5, true)]
    public void A_row_against_a_peer_is_judged_by_its_ratio(double ours, double peer, double bound, double ratio, bool ok)
    {
        var row = Row.Against("work", ours, "nginx", peer, "µs", bound);

        Assert.Equal((ratio, ok), (row.Ratio, row.Ok));
    }

    [Theory]
    [InlineData(30, 45, 0.667, true)]
    [InlineData(45.1, 45, 1.002, false)]
    [InlineData(2, 0, 2, false)]
    public void A_row_without_a_peer_is_judged_by_its_bound(double ours, double bound, double ratio, bool ok)
    {
        var row = Row.Within("work", ours, "MB", bound);

        Assert.Equal((ratio, ok), (row.Ratio, row.Ok));
    }

    [Fact]
    public void A_value_just_above_its_bound_is_not_rounded_into_it() => Assert.False(Row.Within("work", 45.0001, "MB", 45).Ok);

    [Fact]
    public void A_table_shows_every_row_and_which_bound_was_missed()
    {
        var table = Table.Of(new Report("footprint", [Row.Within("size", 30, "MB", 45), Row.Within("start", 120, "ms", 100)]));

        var lines = table.Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.EndsWith("ok", lines[1], StringComparison.Ordinal);
        Assert.EndsWith("MISSED", lines[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new double[] { 3, 1, 2 }, 2)]
    [InlineData(new double[] { 4, 1, 3, 2 }, 2.5)]
    public void A_median_is_the_middle_whatever_the_order(double[] values, double median) => Assert.Equal(median, values.Median());

    [Fact]
    public void A_median_of_nothing_is_refused() => Assert.Throws<ArgumentException>(() => Array.Empty<double>().Median());
}
