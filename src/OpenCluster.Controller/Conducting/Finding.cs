using OpenCluster.Controller.Http;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.RollOuts;
using OpenCluster.Model.Files;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Controller.Conducting;

/// <summary>Finds what a request names, by id or by name; what is not there is a problem that says what was perhaps meant.</summary>
internal static class Finding
{
    public static Service? TryFindService(this Cluster cluster, string idOrName) =>
        cluster.Services.FirstOrDefault(s => s.Id == idOrName) ?? cluster.Services.FirstOrDefault(s => s.Name == idOrName);

    public static Service FindService(this Cluster cluster, string idOrName) =>
        cluster.TryFindService(idOrName) ?? throw Missing("service", idOrName, cluster.Services.Select(s => s.Name));

    public static Server FindServer(this Cluster cluster, string idOrName) =>
        cluster.Servers.FirstOrDefault(s => s.Id == idOrName) ?? cluster.Servers.FirstOrDefault(s => s.Name == idOrName)
        ?? throw Missing("server", idOrName, cluster.Servers.Select(s => s.Name));

    /// <summary>All instances, or those of a service, of a load-balancer, or of the controller: whatever the list of all names.</summary>
    public static IEnumerable<InstanceSight> InstancesOf(this ClusterView view, string? idOrName)
    {
        if (idOrName is null) return view.Instances;
        var cluster = view.Cluster;
        var balancer = cluster.LoadBalancers.FirstOrDefault(b => b.Id == idOrName) ?? cluster.LoadBalancers.FirstOrDefault(b => b.Name == idOrName);
        var id = cluster.TryFindService(idOrName)?.Id ?? balancer?.Id ?? view.Instances.FirstOrDefault(i => i.Name == idOrName)?.Instance.ServiceId
            ?? throw Missing("service", idOrName, [.. cluster.Services.Select(s => s.Name), .. view.Instances.Select(i => i.Name)]);
        return view.Instances.Where(i => i.Instance.ServiceId == id);
    }

    public static DataSpace FindSpace(this Cluster cluster, string idOrName) =>
        cluster.Data.FirstOrDefault(s => s.Id == idOrName) ?? cluster.Data.FirstOrDefault(s => s.Name == idOrName)
        ?? throw Missing("space", idOrName, cluster.Data.Select(s => s.Name));

    public static Instance FindInstance(this ClusterView view, string id) =>
        view.Instances.FirstOrDefault(i => i.Instance.Id == id)?.Instance ?? throw Missing("instance", id, view.Instances.Select(i => i.Instance.Id));

    public static Release FindRelease(this ClusterView view, string id) =>
        view.Releases().FirstOrDefault(r => r.Id == id) ?? throw Missing("release", id, view.Releases().Select(r => r.Id));

    public static (Deployment Deployment, ServiceSight Service) FindDeployment(this ClusterView view, string id)
    {
        var all = view.Services.SelectMany(s => s.Zones.SelectMany(z => z.Deployments).Select(d => (Deployment: d, Service: s)));
        var found = all.FirstOrDefault(d => d.Deployment.Id == id);
        return found.Deployment is not null ? found : throw Missing("deployment", id, all.Select(d => d.Deployment.Id));
    }

    public static IEnumerable<Release> Releases(this ClusterView view) => view.Services.SelectMany(s => s.Releases);

    /// <summary>Services of a filter: one by id or name, or all.</summary>
    public static IEnumerable<ServiceSight> ServicesOf(this ClusterView view, string? idOrName)
    {
        if (idOrName is null) return view.Services;
        var id = view.Cluster.FindService(idOrName).Id;
        return view.Services.Where(s => s.Service.Id == id);
    }

    public static Model.Nouns.Route FindRoute(this Cluster cluster, string idOrName) =>
        cluster.Routes.FirstOrDefault(r => r.Id == idOrName) ?? cluster.Routes.FirstOrDefault(r => r.Name == idOrName)
        ?? throw Missing("route", idOrName, cluster.Routes.Select(r => r.Name));

    public static Secret FindSecret(this Cluster cluster, string idOrName) =>
        cluster.Secrets.FirstOrDefault(s => s.Id == idOrName) ?? cluster.Secrets.FirstOrDefault(s => s.Name == idOrName)
        ?? throw Missing("secret", idOrName, cluster.Secrets.Select(s => s.Name));

    /// <summary>From names, as people write it, to ids: "", <c>service/NAME</c>, <c>server/NAME</c>.</summary>
    public static string PauseScopeOf(this Cluster cluster, string scope)
    {
        var slash = scope.IndexOf('/', StringComparison.Ordinal);
        return (slash < 0 ? scope : scope[..slash]) switch
        {
            "" when scope.Length == 0 => "",
            "service" when slash > 0 => "service/" + cluster.FindService(scope[(slash + 1)..]).Id,
            "server" when slash > 0 => "server/" + cluster.FindServer(scope[(slash + 1)..]).Id,
            _ => throw Problems.Invalid("scope", $"\"{scope}\" cannot be paused.", "Give nothing for everything, or service/NAME, or server/NAME."),
        };
    }

    private static Api.ProblemException Missing(string kind, string name, IEnumerable<string> known) =>
        Problems.NotFound(kind, name, DidYouMean.Nearest(name, known), kind);
}
