using System.Collections.Immutable;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Running;

public enum ReleaseState { Building, Ready, Failed }

/// <summary>One built version of a service. Its archive is the same bytes on every server, known by its digest.</summary>
public sealed record Release
{
    /// <summary><c>svc-1.r12</c>: the service's id and a number that only grows.</summary>
    public required string Id { get; init; }
    public required string ServiceId { get; init; }
    public required int Number { get; init; }
    public ReleaseState State { get; init; } = ReleaseState.Building;
    /// <summary>Full object name of the commit; null for a directory or a bare command.</summary>
    public string? Commit { get; init; }
    public string? Branch { get; init; }
    /// <summary>First line of the commit's message, at most 200 characters.</summary>
    public string Message { get; init; } = "";
    /// <summary>For a directory: the uploaded archive the build starts from, by digest.</summary>
    public string? SourceDigest { get; init; }
    /// <summary>The server whose agent builds it.</summary>
    public string? Builder { get; init; }
    /// <summary>SHA-256 of the tar.gz archive, hex; null while building and for bare commands.</summary>
    public string? Digest { get; init; }
    public long SizeBytes { get; init; }
    public Build? Build { get; init; }
    /// <summary>Id of the zone it was made for; the same commit in another zone is another release, with another specification.</summary>
    public string Zone { get; init; } = "";
    /// <summary>What its instances run with. It stands with the release, so that going back to a release goes back to its specification too.</summary>
    public ServiceSpec? Spec { get; init; }
    /// <summary>The secrets its instances get, by the values they had when it was made; a new value makes a new release of the same build.</summary>
    public ImmutableArray<SecretRef> Secrets { get; init => field = value.IsDefault ? [] : value; } = [];
    /// <summary>Id of the release whose archive this one shares (same commit, same build); null when it has a build of its own, or none.</summary>
    public string? BuiltAs { get; init; }
    public DateTimeOffset Created { get; init; }
    public Failure? Failure { get; init; }
}

/// <summary>Why something went wrong, for a person: one sentence, and the last lines of the log that show it.</summary>
/// <param name="Code">Stable, kebab-case: <c>build-timeout</c>, <c>exited</c>, <c>never-listened</c>.</param>
/// <param name="Reason">What happened, and what to do.</param>
public sealed record Failure(string Code, string Reason)
{
    /// <summary>At most 30 lines of at most 500 characters.</summary>
    public ImmutableArray<string> Log { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>The instance that showed it; null when it is not about one.</summary>
    public string? InstanceId { get; init; }
}
