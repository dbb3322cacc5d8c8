namespace OpenCluster.Decisions.Admission;

/// <summary>Why a route did not let a request in.</summary>
public enum Refusal
{
    None,
    /// <summary>The client's address is not among those that may come, or among those that may not.</summary>
    Address,
    /// <summary>It came without TLS.</summary>
    PlainHttp,
    /// <summary>No certificate, or not one of those that may come.</summary>
    Certificate,
    /// <summary>Its head is larger than the route allows.</summary>
    HeadSize,
    /// <summary>The client sends more than its rate.</summary>
    ClientRate,
    /// <summary>The client has too many requests under way.</summary>
    ClientAtOnce,
    /// <summary>The route gets more than its rate.</summary>
    RouteRate,
    /// <summary>The route has too many requests under way.</summary>
    RouteAtOnce,
}

/// <summary>Refusals in words and numbers.</summary>
public static class Refusals
{
    /// <summary>What a client is told (RFC 9110 §15, RFC 6585).</summary>
    public static int Status(this Refusal refusal) => refusal switch
    {
        Refusal.HeadSize => 431,
        Refusal.ClientRate or Refusal.ClientAtOnce => 429,
        Refusal.RouteRate or Refusal.RouteAtOnce => 503,
        _ => 403,
    };

    /// <summary>For metrics and logs.</summary>
    public static string Word(this Refusal refusal) => refusal switch
    {
        Refusal.Address => "address",
        Refusal.PlainHttp => "plain-http",
        Refusal.Certificate => "certificate",
        Refusal.HeadSize => "head-size",
        Refusal.ClientRate => "client-rate",
        Refusal.ClientAtOnce => "client-at-once",
        Refusal.RouteRate => "route-rate",
        Refusal.RouteAtOnce => "route-at-once",
        _ => "none",
    };
}
