using System.Collections.Immutable;
using System.Text;

namespace OpenCluster.Agent.Logs;

/// <summary>
/// One instance's log. The process appends to it itself, so that nothing is lost when the agent is away; the agent bounds it by copying
/// it aside and emptying it. Lines written between the copy and the emptying (under a millisecond) are lost: the price of a writer that
/// need not cooperate.
/// </summary>
internal sealed class LogFile(string path, LogLimits limits)
{
    private const int LongestLine = 500;

    public string Path => path;

    /// <summary>Copies the file aside when it has outgrown its limit. The oldest copy goes.</summary>
    public void RotateIfLarge()
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.Length <= limits.FileBytes) return;
        for (var i = limits.Files - 1; i >= 1; i--)
            if (File.Exists($"{path}.{i}")) File.Move($"{path}.{i}", $"{path}.{i + 1}", overwrite: true);
        try
        {
            if (limits.Files > 0) CopyAside($"{path}.1");
        }
        catch (Exception full) when (full is IOException or UnauthorizedAccessException)
        {
            // A disk that the log has filled has no room for its copy. The lines are lost; a log that cannot shrink would lose more.
            if (File.Exists($"{path}.1")) File.Delete($"{path}.1");
        }

        // The writers append (O_APPEND), so they go on at the new end.
        using var emptied = new FileStream(path, FileMode.Truncate, FileAccess.Write, FileShare.ReadWrite);
    }

    // A writer may have been faster than the rotation: a copy never holds more than the limit, the newest part.
    private void CopyAside(string copy)
    {
        using var from = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var to = new FileStream(copy, FileMode.Create, FileAccess.Write);
        from.Seek(Math.Max(0, from.Length - limits.FileBytes), SeekOrigin.Begin);
        from.CopyTo(to);
    }

    /// <summary>Where the log ends now, to read later what came after.</summary>
    public long End => File.Exists(path) ? new FileInfo(path).Length : 0;

    /// <summary>The last lines, at most 64 KiB of them, each cut to 500 characters.</summary>
    /// <param name="from">Nothing before this position; ignored when the file has been emptied since.</param>
    public ImmutableArray<string> Last(int lines, long from = 0)
    {
        if (!File.Exists(path)) return [];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (from > file.Length) from = 0;
        file.Seek(Math.Max(from, file.Length - (64 * 1024)), SeekOrigin.Begin);
        using var reader = new StreamReader(file, Encoding.UTF8);
        var all = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. all.TakeLast(lines).Select(l => Printable(l.Length > LongestLine ? l[..LongestLine] : l))];
    }

    // Terminals obey control characters; a log shown to a person must not.
    private static string Printable(string line) => string.Concat(line.TrimEnd('\r').Select(c => char.IsControl(c) && c is not '\t' ? '�' : c));
}
