using OpenCluster.Api.Requests;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Conducting;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Controller.Versions;

/// <summary>
/// Another number of instances than the file says. It changes the object and not the file's version, so that the next plan shows it
/// as changed elsewhere.
/// </summary>
internal static class Scaling
{
    public static Intent Intent(Conductor conductor, Service service, string zone, ScaleRequest request, Caller caller)
    {
        var before = conductor.Cluster;
        var scaled = service with
        {
            Deployments = [.. service.Deployments.Select(d => d.Zone == zone ? d with { Spec = d.Spec with { Instances = request.Instances } } : d)],
        };
        var after = before with { Services = [.. before.Services.Select(s => s.Id == service.Id ? scaled : s)] };
        return new Intent
        {
            Event = new ClusterEvent.Changed(after, caller.Name, request.Why),
            Audit = VersionBook.Entry(caller, $"scale {service.Name} in {zone} to {request.Instances}", request.Why, before, after),
        };
    }
}
