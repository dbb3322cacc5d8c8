using System.Collections.Immutable;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Api;

/// <summary>An error as RFC 9457 problem details, with a stable code, the field at fault, and what to do instead.</summary>
public sealed record Problem
{
    /// <summary><c>https://opencluster.dev/problems/CODE</c>; never fetched.</summary>
    public string Type { get; init; } = "about:blank";
    public required string Title { get; init; }
    public required int Status { get; init; }
    /// <summary>What was wrong and where.</summary>
    public string Detail { get; init; } = "";
    /// <summary>Stable, kebab-case: <c>file-invalid</c>, <c>not-found</c>, <c>changed-meanwhile</c>.</summary>
    public required string Code { get; init; }
    /// <summary>The field at fault, as a path in the request; null when none.</summary>
    public string? Field { get; init; }
    /// <summary>What to do instead.</summary>
    public string Instead { get; init; } = "";
    /// <summary>All errors at once, one a line (<c>file:line:column: what; what instead</c>), when there are several.</summary>
    public ImmutableArray<string> Errors { get; init; } = [];
}

/// <summary>The controller answered with a problem.</summary>
public sealed class ProblemException(Problem problem) : Exception(Sentence(problem))
{
    public Problem Problem { get; } = problem;

    private static string Sentence(Problem problem)
    {
        var detail = problem.Detail.Length > 0 ? problem.Detail : problem.Title;
        return problem.Instead.Length > 0 ? $"{detail} {problem.Instead}" : detail;
    }
}

/// <summary>No controller could be reached, it stopped answering, or what answers is not the cluster's controller.</summary>
public sealed class UnreachableException(string url, Exception? inner) : Exception(Sentence(url, inner), inner)
{
    /// <summary>Something answers, but it is not who it should be.</summary>
    public bool IsUntrusted { get; } = UntrustedIn(inner) is not null;

    private static string Sentence(string url, Exception? inner) => UntrustedIn(inner) is { } untrusted
        ? $"What answers at {url} is not this cluster's controller: {untrusted.Message}. Nothing was sent to it."
        : $"No controller answers at {url}. Is the cluster up? `opencluster up FILE` starts one; --controller URL names another.";

    private static UntrustedException? UntrustedIn(Exception? inner)
    {
        for (; inner is not null; inner = inner.InnerException)
            if (inner is UntrustedException untrusted) return untrusted;
        return null;
    }
}
