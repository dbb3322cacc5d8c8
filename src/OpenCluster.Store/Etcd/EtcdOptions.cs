using System.Security.Cryptography.X509Certificates;

namespace OpenCluster.Store.Etcd;

/// <summary>Where the etcd cluster is and how to be let in.</summary>
public sealed record EtcdOptions
{
    /// <summary>The client URLs of the members, http or https; tried in turn, at least one.</summary>
    public required IReadOnlyList<Uri> Endpoints { get; init; }

    /// <summary>Everything of this store is under this prefix of etcd's keys, so that several can share an etcd. Default "opencluster/".</summary>
    public string Namespace { get; init; } = "opencluster/";

    /// <summary>How long one call to one member may take. Default 5 s, more than etcd needs to elect a leader.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long connecting to one member may take. Default 2 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a watch tries to go on, at all members in turn, before it gives up with an error. Default 30 s.</summary>
    public TimeSpan WatchPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For https: the authorities whose certificates are believed, instead of the system's. Default the system's.</summary>
    public X509Certificate2Collection? TrustedRoots { get; init; }

    /// <summary>For https: the certificate to show, with its key, when etcd asks clients for one. Default none.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>The etcd user, when etcd's authentication is on. It needs reading and writing under <see cref="Namespace"/>. Default none.</summary>
    public string? UserName { get; init; }

    /// <summary>That user's password. Never appears in an error or in the text of this record.</summary>
    public string? Password { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public override string ToString() => $"etcd at {string.Join(", ", Endpoints)}, namespace {Namespace}";
}
