using System.Text.Json.Serialization;

namespace OpenCluster.Client;

/// <summary>How other apps should come to this one when they ask the broker.</summary>
public enum ReachMode
{
    /// <summary>At its address alone.</summary>
    Direct,
    /// <summary>At its address, and through the load-balancer where that cannot be reached.</summary>
    DirectThenThrough,
    /// <summary>Through the load-balancer alone: its address is told to nobody.</summary>
    Through,
}

/// <summary>What an app asks a load-balancer to send it.</summary>
public sealed record AppRegistration
{
    /// <summary>Where the app listens, 1 to 65,535. With <see cref="Reverse"/> on this machine alone.</summary>
    public required int Port { get; init; }

    /// <summary>Which app it is; several instances of one share their paths. Default: the token's name.</summary>
    public string App { get; init; } = "";

    /// <summary>Which instance; registering the same again replaces it. Default: address and port.</summary>
    public string Instance { get; init; } = "";

    /// <summary>For a dynamic route: the sites.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Below the route's own paths. Default: all of it.</summary>
    public IReadOnlyList<string> Paths { get; init; } = ["/"];

    /// <summary>Take the registered path off before a request is sent here.</summary>
    public bool Strip { get; init; }

    /// <summary>Other apps that say so too may hold the same paths.</summary>
    public bool Shared { get; init; }

    /// <summary>An IP address. Default: the one the load-balancer sees.</summary>
    public string Address { get; init; } = "";

    /// <summary>No open port: connections are opened to the load-balancers, and requests come over these.</summary>
    public bool Reverse { get; init; }

    public ReachMode Mode { get; init; } = ReachMode.DirectThenThrough;

    /// <summary>The name under which the broker tells of it.</summary>
    public string Endpoint { get; init; } = "";

    /// <summary>Such as <c>1.4.0</c>: for routes that prefer newer or older versions.</summary>
    public string Version { get; init; } = "";

    /// <summary>It must not serve beside an earlier version: it gets no requests until that one's instances are gone.</summary>
    public bool Incompatible { get; init; }

    /// <summary>Relative share, 1 to 1,000.</summary>
    public int Weight { get; init; } = 100;

    /// <summary>Where it stands. Default: where the load-balancer does.</summary>
    public string Location { get; init; } = "";

    /// <summary>How the load-balancers check it; null for a TCP connect.</summary>
    public AppCheck? Check { get; init; }

    /// <summary>How long it counts without being renewed: 2 to 3,600 s. Renewed three times as often.</summary>
    public int TtlSeconds { get; init; } = 30;
}

/// <summary><c>GET path</c>, answered with 200 to 399.</summary>
public sealed record AppCheck(string Path = "/", int EveryMilliseconds = 1000, int TimeoutMilliseconds = 1000, int Fall = 3, int Rise = 1);

/// <summary>A registration as a load-balancer answers with it.</summary>
internal sealed record RegistrationAnswer(string Id, string Url, string State, string Reason = "", IReadOnlyList<string>? Registrars = null);

/// <summary>How to connect to an endpoint: ways in order of preference.</summary>
public sealed record EndpointAnswer(string Endpoint, string Protocol = "", string? User = null, string? Password = null, string? Secret = null, int TtlSeconds = 30)
{
    public IReadOnlyList<EndpointWay> Ways { get; init; } = [];
}

/// <summary>One way: <c>direct</c> to host and port, or <c>through</c> the load-balancer at a path.</summary>
public sealed record EndpointWay(string How, string? Host = null, int? Port = null, string? Location = null, string? State = null, string? Path = null, string? Upgrade = null);

/// <summary>RFC 9457 problem details, as load-balancers answer.</summary>
internal sealed record ProblemAnswer(string Code = "", string Detail = "", string Instead = "");

/// <summary>A load-balancer refused; asking another would give the same.</summary>
/// <param name="code">Stable: <c>path-taken</c>, <c>not-authenticated</c>, <c>registration-unknown</c>.</param>
public sealed class RefusedException(string code, string detail) : Exception(detail)
{
    public string Code { get; } = code;
}

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, UseStringEnumConverter = true)]
[JsonSerializable(typeof(AppRegistration))]
[JsonSerializable(typeof(RegistrationAnswer))]
[JsonSerializable(typeof(EndpointAnswer))]
[JsonSerializable(typeof(ProblemAnswer))]
internal sealed partial class ClientJson : JsonSerializerContext;
