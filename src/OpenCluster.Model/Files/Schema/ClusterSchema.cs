using System.Collections.Immutable;
using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary>A whole cluster file. The order of the keys is the order in which a walk-through asks for them.</summary>
public static class ClusterSchema
{
    private static readonly OptionalKey<string> Name = new("cluster", Common.Name, "What the cluster is called.") { Required = true };
    internal static readonly Key<ImmutableSortedDictionary<string, string>> Values = new("values", ZoneSchema.ValuesShape,
        "What ${name} means in this file; --set NAME=TEXT on the command line wins. ${cluster.name}, ${zone.name} and ${service.name} are there by themselves.",
        Common.NoTexts)
    { UsualWords = "none" };
    private static readonly Key<ClusterSettings> Settings = new("settings", SettingsSchema.Shape, "Timings of the cluster as a whole.", new());
    private static readonly OptionalKey<ImmutableArray<Zone>> Zones = new("zones", new NamedShape<Zone>("zones", ZoneSchema.Shape, namesAlone: true),
        "Groups of servers kept apart: tiers, environments. There is always one called default. Leave the section out and zones exist by being named at servers.");
    private static readonly OptionalKey<ImmutableArray<Role>> Roles = new("roles", new NamedShape<Role>("roles", RoleSchema.Shape, namesAlone: true),
        "What sets of servers are for. Leave the section out and roles exist by being named at servers.");
    private static readonly OptionalKey<ImmutableArray<Server>> Servers = new("servers", new NamedShape<Server>("servers", ServerSchema.Shape, namesAlone: true), "Machines with an agent on them.");
    private static readonly OptionalKey<ImmutableArray<Service>> Services = new("services", new NamedShape<Service>("services", ServiceSchema.Shape, namesAlone: false), "What should run.");
    private static readonly OptionalKey<ImmutableArray<LoadBalancer>> LoadBalancers = new("load-balancers",
        new NamedShape<LoadBalancer>("load-balancers", LoadBalancerSchema.Shape, namesAlone: false), "The front doors: each runs on every server of its role.");
    private static readonly OptionalKey<ImmutableArray<Route>> Routes = new("routes", new NamedShape<Route>("routes", RouteSchema.Shape, namesAlone: false), "Where requests for hosts and paths go.");
    private static readonly OptionalKey<ImmutableArray<Certificate>> Certificates = new("certificates",
        new NamedShape<Certificate>("certificates", ServerCertificateSchema.Shape, namesAlone: false), "Certificates for HTTPS: files on the load-balancers' servers, read again when they change.");
    private static readonly OptionalKey<ImmutableArray<DataSpace>> Data = new("data",
        new NamedShape<DataSpace>("spaces", DataSchema.Shape, namesAlone: true), "Spaces of Data: each a primary and its copies on servers of a role.");
    private static readonly OptionalKey<ImmutableArray<Endpoint>> Endpoints = new("endpoints",
        new NamedShape<Endpoint>("endpoints", EndpointSchema.Shape, namesAlone: false), "What others run and your services use: known and checked, not run.");
    private static readonly OptionalKey<ImmutableArray<Secret>> Secrets = new("secrets", new NamedShape<Secret>("secrets", SecretSchema.Shape, namesAlone: true),
        "Names of secrets; their texts are set by command and never stand in a file.");

    /// <summary>The file as one object; everything else hangs below it.</summary>
    public static ObjectShape<Cluster> Shape { get; } = new("a cluster file",
        [Name, Values, Settings, Zones, Roles, Servers, Services, LoadBalancers, Routes, Certificates, Data, Endpoints, Secrets], Read);

    /// <summary>Every object of a file with its keys, the file itself first.</summary>
    public static IReadOnlyList<IObjectShape> Objects() => Shape.Objects();

    private static Cluster Read(ObjectReader file)
    {
        // 1. The name and the values, as everything below may use them.
        var name = file.Need(Name, "cluster");
        var o = new ObjectReader(file.Node, file.Scope with { Values = file.Scope.Values.With("cluster.name", name, file.Node.At) });

        // 2. Zones, as what their values mean is needed to read what is in them. The default zone is always there.
        o.Scope.Reading.ZoneValues["default"] = o.Scope.Values.With("zone.name", "default", file.Node.At);
        var zones = o.List(Zones);

        // 3. The rest, in any order.
        var servers = o.List(Servers);
        return new Cluster
        {
            Name = name,
            Settings = o.Get(Settings),
            Zones = Declared(zones, o.Has(Zones) ? ["default"] : ["default", .. servers.Select(s => s.Zone)], z => new Zone { Name = z }),
            Roles = Declared(o.List(Roles), o.Has(Roles) ? [] : servers.SelectMany(s => s.Roles), r => new Role { Name = r }),
            Servers = servers.Length == 1 ? [servers[0] with { Controller = true }] : servers,
            Services = o.List(Services),
            LoadBalancers = o.List(LoadBalancers),
            Routes = o.List(Routes),
            Certificates = o.List(Certificates),
            Data = o.List(Data),
            Endpoints = o.List(Endpoints),
            Secrets = o.List(Secrets),
        };
    }

    /// <summary>What the file declares, and what exists by being named.</summary>
    private static ImmutableArray<T> Declared<T>(ImmutableArray<T> written, IEnumerable<string> named, Func<string, T> make) where T : INamed =>
        [.. written, .. named.Distinct(StringComparer.Ordinal).Where(n => written.All(w => w.Name != n)).Select(make)];
}
