namespace OpenCluster.Model.Changes;

/// <summary>The kinds of objects an owner declares, in the order in which plans tell of them.</summary>
public enum ObjectKind { Settings, Zone, Role, Server, Service, LoadBalancer, Route, Certificate, Space, Endpoint, Secret }

/// <summary>How kinds are called.</summary>
public static class ObjectKinds
{
    /// <summary>For a person: "load-balancer".</summary>
    public static string Words(this ObjectKind kind) => kind == ObjectKind.LoadBalancer ? "load-balancer" : kind.ToString().ToLowerInvariant();

    /// <summary>How ids of this kind begin: <c>srv-3</c>, <c>svc-1</c>.</summary>
    public static string Prefix(this ObjectKind kind) => kind switch
    {
        ObjectKind.Zone => "zon",
        ObjectKind.Role => "rol",
        ObjectKind.Server => "srv",
        ObjectKind.Service => "svc",
        ObjectKind.LoadBalancer => "lb",
        ObjectKind.Route => "rt",
        ObjectKind.Certificate => "crt",
        ObjectKind.Space => "spc",
        ObjectKind.Endpoint => "ep",
        ObjectKind.Secret => "sec",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "settings have no id"),
    };
}
