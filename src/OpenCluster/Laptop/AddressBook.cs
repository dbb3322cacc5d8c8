using System.Collections.Immutable;
using System.Globalization;

namespace OpenCluster.Laptop;

/// <summary>
/// Which server has which address of the loopback network. Kept in a file, one <c>NAME N</c> a line, so that a server that comes into
/// the file later takes a new number and none moves.
/// </summary>
internal static class AddressBook
{
    private const string FileName = "addresses";

    /// <summary>The number of each server, 1 and up: the last part of its address, and which range of ports is its own.</summary>
    public static ImmutableDictionary<string, int> Of(string home, IReadOnlyList<string> names)
    {
        var path = Path.Combine(home, FileName);
        var numbers = File.Exists(path)
            ? File.ReadLines(path).Select(line => line.Split(' ')).ToDictionary(p => p[0], p => int.Parse(p[1], CultureInfo.InvariantCulture), StringComparer.Ordinal)
            : new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in names) numbers.TryAdd(name, numbers.Count == 0 ? 1 : numbers.Values.Max() + 1);
        File.WriteAllLines(path, numbers.Select(n => $"{n.Key} {n.Value}"));
        return names.ToImmutableDictionary(n => n, n => numbers[n], StringComparer.Ordinal);
    }
}
