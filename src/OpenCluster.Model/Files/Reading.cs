using System.Collections.Immutable;

namespace OpenCluster.Model.Files;

/// <summary>One reading of one file: the errors found so far and where everything stands. Owned by the reader, used by every shape.</summary>
public sealed class Reading(string file)
{
    private readonly List<FileError> _errors = [];
    private readonly HashSet<(Position, string)> _seen = [];
    private readonly Dictionary<string, Position> _places = new(StringComparer.Ordinal);
    private int _more;
    private long _filled;

    /// <summary>What <c>${name}</c> means for objects of each zone; filled in as soon as the zones are read.</summary>
    internal Dictionary<string, Values> ZoneValues { get; } = new(StringComparer.Ordinal);

    internal void Error(Position at, string path, string what, string instead)
    {
        // A service is read once per zone it goes to, and one mistake in it is one error.
        if (!_seen.Add((at, what)))
            return;
        if (_errors.Count < FileLimits.Errors)
            _errors.Add(new FileError(file, at, path, what, instead));
        else
            _more++;
    }

    /// <summary>Counts characters filled in; false once that is too many.</summary>
    internal bool MayFill(int length) => (_filled += length) <= FileLimits.FilledLength;

    internal void Found(string path, Position at) => _places.TryAdd(path, at);

    /// <summary>Where a field stands, or the nearest thing around it that is written down.</summary>
    internal Position Place(string path)
    {
        for (; path.Length > 0; path = path[..Math.Max(0, path.LastIndexOf('.'))])
        {
            if (_places.TryGetValue(path, out var at))
                return at;
        }
        return new Position(1, 1);
    }

    /// <summary>
    /// The path under which a field is written: what a zone inherits stands at the service itself,
    /// <c>services.api.zones.default.check</c> at <c>services.api.check</c>.
    /// </summary>
    internal string Written(string path)
    {
        var parts = path.Split('.');
        if (parts is not ["services", _, "zones", _, ..])
            return path;
        for (var length = parts.Length; length > 4; length--)
        {
            if (_places.ContainsKey(string.Join('.', parts[..length])))
                return path;
            if (_places.ContainsKey(string.Join('.', [.. parts[..2], .. parts[4..length]])))
                return string.Join('.', [.. parts[..2], .. parts[4..]]);
        }
        return _places.ContainsKey(string.Join('.', parts[..4])) ? path : string.Join('.', [.. parts[..2], .. parts[4..]]);
    }

    /// <summary>Whether an error was reported at this very field or in it: what is read there is then only a stand-in.</summary>
    internal bool IsWrong(string path) =>
        _errors.Any(e => e.Path == path || e.Path.StartsWith(path + ".", StringComparison.Ordinal));

    internal ImmutableArray<FileError> Errors()
    {
        var errors = _errors.OrderBy(e => e.At.Line).ThenBy(e => e.At.Column).ToList();
        if (_more > 0)
            errors.Add(new FileError(file, Position.None, "", $"there are {_more} more errors", "Mend these first"));
        return [.. errors];
    }
}

/// <summary>Where a reading stands: the path to the value at hand, and what <c>${name}</c> means there.</summary>
public readonly record struct Scope(Reading Reading, string Path, Values Values)
{
    /// <summary>The last key of the path.</summary>
    internal string Name => Path[(Path.LastIndexOf('.') + 1)..];

    internal Scope Below(string key) => this with { Path = Path.Length == 0 ? key : $"{Path}.{key}" };

    internal void Error(Position at, string what, string instead) => Reading.Error(at, Path, what, instead);
}
