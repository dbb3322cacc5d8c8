using OpenCluster.Agent;

namespace OpenCluster.Laptop;

/// <summary>What the controller has written since now, to tell a person why it does not come up.</summary>
internal sealed class ControllerLog
{
    /// <summary>How a process says in its last line that it cannot start (see <c>ProcessVerb</c>).</summary>
    private const string Mark = "opencluster controller: ";

    /// <summary>One refusal may be a moment's trouble (a controller that is still ending); the agent tries again, and the second is believed.</summary>
    private const int Believed = 2;

    private const int LastLines = 8;

    private readonly string _path;
    private readonly string _agents;
    private readonly long _from;

    public ControllerLog(LaptopServer server)
    {
        _path = Path.Combine(server.Options.Directory, "instances", CoreOptions.InstanceId, "log");
        _agents = server.Log;
        _from = File.Exists(_path) ? new FileInfo(_path).Length : 0;
    }

    /// <summary>Why it refuses to start, in its own words; null while it does not.</summary>
    public string? Refusal()
    {
        var refusals = Lines(_path, _from).Where(line => line.StartsWith(Mark, StringComparison.Ordinal)).ToList();
        return refusals.Count < Believed ? null : refusals[^1][Mark.Length..];
    }

    /// <summary>The ends of its log and its agent's, for what has no words of its own.</summary>
    public string LastWords()
    {
        var tails = new[] { (Path: _path, From: _from), (Path: _agents, From: 0L) }
            .Select(log => (log.Path, Lines: Lines(log.Path, log.From).TakeLast(LastLines).ToList()))
            .Where(tail => tail.Lines.Count > 0);
        return string.Join("\n", tails.Select(tail => $"{tail.Path} ends with:\n  {string.Join("\n  ", tail.Lines)}"));
    }

    private static List<string> Lines(string path, long from)
    {
        if (!File.Exists(path)) return [];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        // It was rotated meanwhile when it is shorter than it was.
        file.Seek(from <= file.Length ? from : 0, SeekOrigin.Begin);
        using var reader = new StreamReader(file);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
