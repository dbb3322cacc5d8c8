using System.Collections.Immutable;

namespace OpenCluster.Api.Requests;

/// <summary>A cluster file to plan or apply, as text.</summary>
public sealed record FileRequest
{
    public required string Text { get; init; }
    /// <summary>For error messages.</summary>
    public string FileName { get; init; } = "cluster.yaml";
    /// <summary>Replaces entries of the file's <c>values</c>.</summary>
    public ImmutableSortedDictionary<string, string> Set { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
    /// <summary>Where the file and an outside change disagree, take the file.</summary>
    public bool TakeFile { get; init; }
    /// <summary>Refuse when this is no longer the applied version; null applies anyway.</summary>
    public int? ExpectedVersion { get; init; }
    public string Why { get; init; } = "";
}

/// <summary>Deploy a service: the head of its branches, or what is named here.</summary>
public sealed record DeployRequest
{
    public required string Service { get; init; }
    /// <summary>Null: every zone it goes to.</summary>
    public string? Zone { get; init; }
    public string? Branch { get; init; }
    public string? Commit { get; init; }
    /// <summary>Digest of an uploaded source archive.</summary>
    public string? SourceDigest { get; init; }
    public string Why { get; init; } = "";
}

/// <summary>Go back to an earlier release; null for the one before.</summary>
public sealed record RollBackRequest(string Service, string? Zone = null, int? Release = null, string Why = "");

/// <summary>Automatic acts off or on: scope is empty (everything), <c>service/NAME</c> or <c>server/NAME</c>.</summary>
public sealed record PauseRequest(string Scope, bool Paused, string Why = "");

/// <summary>Throw cached answers out of all load-balancers; what is left empty is not asked for, all three empty: everything.</summary>
/// <param name="Route">A route's name.</param>
/// <param name="Path">A path, or with <c>*</c> at its end all that begin so.</param>
/// <param name="Tag">A tag that answers carry in <c>Cache-Tag</c>.</param>
public sealed record CachePurgeRequest(string Route = "", string Path = "", string Tag = "", string Why = "");

/// <summary>A request that nobody sends: what would load-balancers do with it?</summary>
public sealed record ExplainRequest
{
    /// <summary><c>https://joebarry.com/api/x</c>.</summary>
    public required string Url { get; init; }
    /// <summary>The client's address.</summary>
    public string From { get; init; } = "127.0.0.1";
    public string Method { get; init; } = "GET";
    public ImmutableSortedDictionary<string, string> Headers { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
    /// <summary>Names of the client certificate it would show; empty for none.</summary>
    public ImmutableArray<string> Certificate { get; init; } = [];
}

/// <summary>Another number of instances than the file says.</summary>
public sealed record ScaleRequest(int Instances, string Why = "");

public sealed record UndoRequest(string Why = "");

/// <summary>A command to run in the environment and directory of an instance.</summary>
public sealed record ExecRequest(ImmutableArray<string> Command);

/// <summary>What an agent is asked. <see cref="Cancel"/>: whoever read the task of this id has gone; end it.</summary>
public enum TaskKind { Logs, Exec, Cancel }

/// <summary>Something an agent is asked to stream: an instance's log, or a command beside it; or to stop streaming it.</summary>
public sealed record AgentTask
{
    public required string Id { get; init; }
    public TaskKind Kind { get; init; }
    public required string InstanceId { get; init; }
    public int Lines { get; init; } = 100;
    public bool Follow { get; init; }
    public ImmutableArray<string> Command { get; init; } = [];
}
