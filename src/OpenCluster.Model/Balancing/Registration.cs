using System.Collections.Immutable;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Balancing;

/// <summary>How other apps should come to it when they ask the broker.</summary>
public enum ReachMode
{
    /// <summary>At its address alone.</summary>
    Direct,
    /// <summary>At its address, and through the load-balancer where that cannot be reached.</summary>
    DirectThenThrough,
    /// <summary>Through the load-balancer alone: its address is told to nobody.</summary>
    Through,
}

/// <summary>An app's wish to be a target, as it sends it. Only a port, or <see cref="Reverse"/>, must be there.</summary>
public sealed record RegistrationRequest
{
    /// <summary>Which app it is; several instances of one app share their paths. Default: the token's name.</summary>
    public string App { get; init; } = "";
    /// <summary>Which of the app's instances: registering the same again replaces it. Default: address and port.</summary>
    public string Instance { get; init; } = "";
    /// <summary>For a dynamic route: the sites. A limited dynamic route has its own.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];
    /// <summary>Below the route's own paths. Default <c>/</c>: all of it.</summary>
    public ImmutableArray<string> Paths { get; init; } = ["/"];
    /// <summary>Take the registered path off before a request is sent to the app. Default: it is kept.</summary>
    public bool Strip { get; init; }
    /// <summary>Other apps that say so too may hold the same paths.</summary>
    public bool Shared { get; init; }
    /// <summary>An IP address. Default: the one the request comes from.</summary>
    public string Address { get; init; } = "";
    /// <summary>1 to 65,535; 0 only with <see cref="Reverse"/>.</summary>
    public int Port { get; init; }
    /// <summary>The app opens connections to the load-balancer, and requests come over these: it needs no open port.</summary>
    public bool Reverse { get; init; }
    public ReachMode Mode { get; init; } = ReachMode.DirectThenThrough;
    /// <summary>The name under which the broker tells of it; none by default.</summary>
    public string Endpoint { get; init; } = "";
    public string Protocol { get; init; } = "http";
    /// <summary>Such as <c>1.4.0</c>: which of the instances that hold a path are newer, for routes that prefer newer or older ones.</summary>
    public string Version { get; init; } = "";
    /// <summary>It must not serve beside an earlier version: it gets no requests until that one's instances are gone.</summary>
    public bool Incompatible { get; init; }
    /// <summary>Relative share, 1 to 1,000. Default 100.</summary>
    public int Weight { get; init; } = 100;
    /// <summary>Where it stands. Default: where the load-balancer does.</summary>
    public string Location { get; init; } = "";
    /// <summary>How the load-balancers check it; null for a TCP connect.</summary>
    public RegistrationCheck? Check { get; init; }
    /// <summary>How long it counts without being renewed: 2 to 3,600 s. Default 30; longer means fewer renewals, and a dead app is forgotten later.</summary>
    public int TtlSeconds { get; init; } = 30;
}

/// <summary>A check as an app asks for it: <c>GET path</c>, answered with 200 to 399.</summary>
/// <param name="EveryMilliseconds">250 to 60,000. Default 1,000.</param>
/// <param name="TimeoutMilliseconds">50 to 30,000. Default 1,000.</param>
public sealed record RegistrationCheck(string Path = "/", int EveryMilliseconds = 1000, int TimeoutMilliseconds = 1000, int Fall = 3, int Rise = 1);

/// <summary>An app registered as a target: its wish, judged and completed.</summary>
public sealed record Registration
{
    /// <summary>The same for the same token, app and instance.</summary>
    public required string Id { get; init; }
    /// <summary>Drawn anew at each registering: who renews by an older one has been replaced.</summary>
    public required string Secret { get; init; }
    /// <summary>Name of the token, and the start of its hash: two tokens may have one name.</summary>
    public required string Token { get; init; }
    public required string TokenId { get; init; }
    public required string App { get; init; }
    public required string Instance { get; init; }
    /// <summary>Id of the route.</summary>
    public required string Route { get; init; }
    /// <summary>Sites, in lower case; empty for those of the route.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];
    /// <summary>Without a slash at the end; the empty one is all of the site.</summary>
    public ImmutableArray<string> Paths { get; init; } = [];
    public bool Strip { get; init; }
    public bool Shared { get; init; }
    public required string Address { get; init; }
    public int Port { get; init; }
    public bool Reverse { get; init; }
    public ReachMode Mode { get; init; }
    public string Endpoint { get; init; } = "";
    public string Protocol { get; init; } = "http";
    public string Version { get; init; } = "";
    public bool Incompatible { get; init; }
    public int Weight { get; init; } = 100;
    public string Location { get; init; } = "default";
    public HealthCheck? Check { get; init; }
    /// <summary>When it first claimed its paths, by the clock of the balancer it asked: the older claim holds.</summary>
    public DateTimeOffset Since { get; init; }
    public TimeSpan Ttl { get; init; }
}

/// <summary>
/// Which of two versions of one lease is newer. A holder counts its own changes up; each registering, and each balancer that takes a lease
/// over, begins a new epoch. Epochs are at least the time in milliseconds, so that a balancer that has forgotten everything does not begin
/// below what its peers remember. The holder's name settles what two of them did at once while they were cut apart.
/// </summary>
public readonly record struct LeaseStamp(long Epoch, long Sequence, string Holder) : IComparable<LeaseStamp>
{
    public int CompareTo(LeaseStamp other)
    {
        var order = Epoch.CompareTo(other.Epoch);
        if (order == 0) order = Sequence.CompareTo(other.Sequence);
        return order != 0 ? order : string.CompareOrdinal(Holder, other.Holder);
    }

    /// <summary>The stamp of the next change, made by <paramref name="holder"/>.</summary>
    public LeaseStamp Next(string holder, DateTimeOffset now) => holder == Holder ? this with { Sequence = Sequence + 1 } : First(holder, now, this);

    /// <summary>The stamp of a registering, after whatever was known before.</summary>
    public static LeaseStamp First(string holder, DateTimeOffset now, LeaseStamp? before) =>
        new(Math.Max(now.ToUnixTimeMilliseconds(), before is { } known ? known.Epoch + 1 : 0), 1, holder);
}

/// <summary>One registration for a time, or the memory that it has ended.</summary>
public sealed record RegistrationLease
{
    public required string Id { get; init; }
    public required LeaseStamp Stamp { get; init; }
    /// <summary>Null: it has ended.</summary>
    public Registration? Registration { get; init; }
    /// <summary>By the clock of whoever holds this copy; between peers travels what is left.</summary>
    public DateTimeOffset Until { get; init; }
}
