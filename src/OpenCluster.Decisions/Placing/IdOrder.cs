namespace OpenCluster.Decisions.Placing;

/// <summary>Orders ids with a growing number at their end as people count: <c>api-9</c> before <c>api-10</c>.</summary>
public sealed class IdOrder : IComparer<string>
{
    public static IdOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        var byLength = (x?.Length ?? 0).CompareTo(y?.Length ?? 0);
        return byLength != 0 ? byLength : string.CompareOrdinal(x, y);
    }
}
