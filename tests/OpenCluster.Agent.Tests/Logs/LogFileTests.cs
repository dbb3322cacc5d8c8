using OpenCluster.Agent.Logs;

namespace OpenCluster.Agent.Tests.Logs;

public sealed class LogFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("oc-log-").FullName;
    private string Path => System.IO.Path.Combine(_directory, "log");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Large_log_is_copied_aside_and_only_so_many_copies_are_kept()
    {
        var log = new LogFile(Path, new LogLimits(100, 2));
        for (var round = 1; round <= 4; round++)
        {
            File.AppendAllText(Path, $"round {round} " + new string('x', 200) + "\n");
            log.RotateIfLarge();
            Assert.Equal(0, new FileInfo(Path).Length);
        }
        Assert.Equal(["log", "log.1", "log.2"], Directory.EnumerateFiles(_directory).Select(System.IO.Path.GetFileName).Order());
        Assert.All([1, 2], n => Assert.Equal(100, new FileInfo($"{Path}.{n}").Length));
    }

    [Fact]
    public void Log_that_cannot_be_copied_aside_is_emptied_all_the_same()
    {
        Directory.CreateDirectory($"{Path}.1/in-the-way");
        File.WriteAllText(Path, new string('x', 200));
        new LogFile(Path, new LogLimits(100, 1)).RotateIfLarge();
        Assert.Equal(0, new FileInfo(Path).Length);
    }

    [Fact]
    public void Small_log_stays()
    {
        File.WriteAllText(Path, "short\n");
        new LogFile(Path, new LogLimits(100, 2)).RotateIfLarge();
        Assert.Equal("short\n", File.ReadAllText(Path));
    }

    [Fact]
    public void Last_lines_are_cut_cleaned_and_begin_where_the_run_did()
    {
        File.WriteAllText(Path, "old\n");
        var log = new LogFile(Path, new LogLimits());
        var from = log.End;
        File.AppendAllText(Path, $"one\n\u001b[31mred\n{new string('y', 900)}\n");
        var lines = log.Last(10, from);
        Assert.Equal(["one", "\ufffd[31mred"], lines.Take(2));
        Assert.Equal(500, lines[2].Length);
        Assert.Equal(["old"], log.Last(10).Take(1));
    }

    [Fact]
    public async Task Reading_begins_with_the_last_lines_and_survives_a_rotation()
    {
        File.WriteAllText(Path, string.Concat(Enumerable.Range(1, 5000).Select(i => $"line {i}\n")));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        stop.CancelAfter(TimeSpan.FromSeconds(10));
        var read = "";
        await foreach (var piece in LogReading.ReadAsync(Path, 2, follow: true, TimeProvider.System, stop.Token))
        {
            read += System.Text.Encoding.UTF8.GetString(piece.Span);
            if (read.EndsWith("line 5000\n", StringComparison.Ordinal))
            {
                new LogFile(Path, new LogLimits(10, 1)).RotateIfLarge();
                File.AppendAllText(Path, "after\n");
            }
            if (read.EndsWith("after\n", StringComparison.Ordinal)) break;
        }
        Assert.Equal("line 4999\nline 5000\nafter\n", read);
    }
}
