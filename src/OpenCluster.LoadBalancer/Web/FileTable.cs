using System.Collections.Concurrent;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Web;

/// <summary>What a path of the site leads to.</summary>
/// <param name="File">Null when there is none.</param>
/// <param name="IsDirectory">There is a directory with a page, but the path lacks the slash at its end.</param>
internal readonly record struct Found(WebFile? File, bool IsDirectory = false);

/// <summary>
/// The files below one directory by the paths they were asked for. Those in memory are looked at again every second, so that a hot one costs no call
/// of the file system; many clients that ask for one that is not there yet cost one look together.
/// </summary>
internal sealed class FileTable
{
    private const long LookAgainMs = 1000;

    /// <summary>Bytes kept, compressed ones included; beyond that files are read at each request.</summary>
    private const long MostBytes = 128L << 20;

    private const int MostFiles = 20_000;

    private const string Always = "no-cache";
    private const string Never = "public, max-age=31536000, immutable";

    private readonly string _root;
    private readonly WebRule _rule;
    private readonly string _usual;
    private readonly ConcurrentDictionary<string, WebFile> _files = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, WebFile>.AlternateLookup<ReadOnlySpan<char>> _byPath;

    /// <summary>Looks under way; no more than there are clients.</summary>
    private readonly ConcurrentDictionary<string, Lazy<Task<Found>>> _looks = new(StringComparer.Ordinal);
    private long _bytes;

    /// <param name="root">With links followed already.</param>
    public FileTable(string root, WebRule rule)
    {
        _root = root;
        _rule = rule;
        _usual = rule.FreshFor > TimeSpan.Zero ? $"public, max-age={(long)rule.FreshFor.TotalSeconds}" : Always;
        _byPath = _files.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public bool IsFor(string root, WebRule rule) => _root == root && _rule with { Immutable = [] } == rule with { Immutable = [] } && _rule.Immutable.AsSpan().SequenceEqual(rule.Immutable.AsSpan());

    /// <summary>A file in memory that was looked at lately.</summary>
    public WebFile? Hot(ReadOnlySpan<char> path, long nowMs) => _byPath.TryGetValue(path, out var file) && nowMs - file.CheckedMs < LookAgainMs ? file : null;

    /// <summary>Looks on a thread that may block.</summary>
    /// <param name="path">Decoded, see <see cref="SafePath.Decode"/>.</param>
    public async ValueTask<Found> FindAsync(string path, long nowMs)
    {
        if (Hot(path, nowMs) is { } hot) return new Found(hot);
        var look = _looks.GetOrAdd(path, p => new Lazy<Task<Found>>(() => Task.Run(() => Look(p, nowMs))));
        try
        {
            return await look.Value.ConfigureAwait(false);
        }
        finally
        {
            _looks.TryRemove(new KeyValuePair<string, Lazy<Task<Found>>>(path, look));
        }
    }

    private Found Look(string path, long nowMs)
    {
        try
        {
            if (_files.TryGetValue(path, out var known))
            {
                if (known.IsStill(nowMs)) return new Found(known);
                Forget(path, known);
            }
            var resolved = SafePath.Resolve(_root, path);
            if (resolved is null) return default;
            if (Directory.Exists(resolved))
            {
                if (!path.EndsWith('/')) return new Found(null, File.Exists(Path.Combine(resolved, "index.html")));
                resolved = SafePath.Resolve(_root, path + "index.html");
                if (resolved is null || Directory.Exists(resolved)) return default;
            }
            else if (path.EndsWith('/'))
            {
                return default;
            }
            var file = WebFile.Read(resolved, CacheControl(path), _rule.Compress, nowMs);
            Keep(path, file);
            return new Found(file);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // Gone or forbidden between two looks: for the client, not there.
            return default;
        }
    }

    private string CacheControl(string path)
    {
        foreach (var prefix in _rule.Immutable)
        {
            var whole = prefix.TrimEnd('/');
            if (path.StartsWith(whole, StringComparison.Ordinal) && (path.Length == whole.Length || path[whole.Length] == '/')) return Never;
        }
        return _usual;
    }

    private void Keep(string path, WebFile file)
    {
        // A name with a % in it is never what Hot compares, which sees the path as sent.
        if (path.Contains('%') || _files.Count >= MostFiles || Interlocked.Read(ref _bytes) + file.Size > MostBytes) return;
        if (_files.TryAdd(path, file)) Interlocked.Add(ref _bytes, file.Size);
    }

    private void Forget(string path, WebFile file)
    {
        if (_files.TryRemove(new KeyValuePair<string, WebFile>(path, file))) Interlocked.Add(ref _bytes, -file.Size);
    }
}
