using System.Text;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Routing;

/// <summary>The headers of a request, as far as routing asks for them.</summary>
public interface IRequestFields
{
    /// <summary>The value of the first header of that name, any case; false when there is none.</summary>
    bool TryFind(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value);
}

/// <summary>A match made ready for many requests: what it asks for beyond host and path, as bytes.</summary>
public sealed class RouteMatcher
{
    private readonly byte[][] _methods;
    private readonly (byte[] Name, byte[]? Value)[] _fields;
    private readonly string[] _except;

    public RouteMatcher(RouteMatch match)
    {
        Match = match;
        Rewrite = Encoding.Latin1.GetBytes(match.Rewrite.TrimEnd('/'));
        _methods = [.. match.Methods.Select(Encoding.Latin1.GetBytes)];
        _fields = [.. match.Headers.Select(h => (Encoding.Latin1.GetBytes(h.Name), h.Value is null ? null : Encoding.UTF8.GetBytes(h.Value)))];
        _except = [.. match.Except.Select(PathText.Prefix)];
    }

    /// <summary>As it was declared.</summary>
    public RouteMatch Match { get; }

    /// <summary>What stands in the prefix's place towards the target; empty when it is only taken off.</summary>
    public ReadOnlyMemory<byte> Rewrite { get; }

    /// <summary>The target sees another path than the client sent.</summary>
    public bool ChangesPath => Match.Strip || Match.Rewrite.Length > 0;

    /// <summary>It takes every request for its host and path.</summary>
    public bool TakesAll => _methods.Length == 0 && _fields.Length == 0 && _except.Length == 0;

    /// <summary>Of several at the same place, the one that asks for more is asked first.</summary>
    internal int Demands => _fields.Length * 2 + (_methods.Length > 0 ? 1 : 0);

    internal bool Takes<TFields>(ReadOnlySpan<char> path, ReadOnlySpan<byte> method, scoped in TFields fields) where TFields : IRequestFields, allows ref struct
    {
        if (TakesAll) return true;
        foreach (var except in _except)
            if (path.StartsWith(except, StringComparison.Ordinal) && (path.Length == except.Length || path[except.Length] == '/')) return false;
        return HasMethod(method) && HasFields(fields);
    }

    private bool HasMethod(ReadOnlySpan<byte> method)
    {
        foreach (var one in _methods)
            if (method.SequenceEqual(one)) return true;
        return _methods.Length == 0;
    }

    private bool HasFields<TFields>(scoped in TFields fields) where TFields : IRequestFields, allows ref struct
    {
        foreach (var (name, wanted) in _fields)
            if (!fields.TryFind(name, out var value) || (wanted is not null && !value.SequenceEqual(wanted))) return false;
        return true;
    }
}
