using System.Collections.Immutable;
using System.Globalization;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Http;
using OpenCluster.Controller.Versions;
using OpenCluster.Controller.Views;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Model.Files;
using OpenCluster.Model.Nouns;
using OpenCluster.Store;

namespace OpenCluster.Controller.Endpoints;

/// <summary>The cluster file: plan, apply, history, undo.</summary>
internal sealed class FileEndpoints(ClusterLoop loop, VersionBook versions, IStore store)
{
    public void Map(IEndpointRouteBuilder api)
    {
        api.MapPost(ApiRoutes.Plan, Plan).WithSummary("What applying a file would do; changes nothing.");
        api.MapPost(ApiRoutes.Apply, Apply).WithSummary("Makes the cluster what the file says, and keeps the file as the next version.");
        api.MapGet(ApiRoutes.History, History).WithSummary("Applied versions, newest first.");
        api.MapPost(ApiRoutes.Undo, Undo).WithSummary("Goes back one applied version; releases and data stay as they are.");
    }

    private Task<PlanView> Plan(FileRequest request, CancellationToken ct)
    {
        var read = Read(request);
        return loop.LookAsync(conductor => PlanViews.Of(versions.Newest, versions.Plan(conductor, read, request.TakeFile)), ct);
    }

    private async Task<ApplyView> Apply(FileRequest request, HttpContext context, CancellationToken ct)
    {
        var read = Read(request);
        var caller = context.Caller();
        PlanView? view = null;
        await loop.ChangeAsync(
            conductor =>
            {
                CheckVersion(request.ExpectedVersion);
                var plan = versions.Plan(conductor, read, request.TakeFile);
                view = PlanViews.Of(versions.Newest, plan);
                return versions.Apply(conductor, plan, read, request.Text, caller, request.Why);
            },
            ct);
        return new ApplyView(versions.Newest, view!);
    }

    private async Task<ApplyView> Undo(UndoRequest request, HttpContext context, CancellationToken ct)
    {
        var caller = context.Caller();
        var from = versions.Newest;
        var to = versions.Before;
        var kept = await store.GetAsync(AppliedVersion.KeyOf(to), ct)
            ?? throw Problems.Conflict("nothing-to-undo", "There is no earlier version.", "`opencluster history` lists what there is.");
        var earlier = AppliedVersion.Read(kept.Value);
        var file = await store.GetAsync(Keys.File + to.ToString(CultureInfo.InvariantCulture), ct);
        var text = file is null ? "" : AppliedFile.Read(file.Value.Span).Text;
        PlanView? view = null;
        await loop.ChangeAsync(
            conductor =>
            {
                CheckVersion(from);
                var read = WithFormerNames(earlier.Declared, conductor.Cluster);
                var plan = versions.Plan(conductor, read, takeFile: false);
                view = PlanViews.Of(from, plan);
                return versions.Apply(conductor, plan, read, text, caller, request.Why, restores: to);
            },
            ct);
        return new ApplyView(versions.Newest, view!);
    }

    private async Task<ImmutableArray<VersionView>> History(CancellationToken ct)
    {
        var kept = await store.ReadAsync(AppliedVersion.KeyPrefix, ct);
        var changes = kept.Documents.Select(d => AppliedVersion.Read(d.Value)).ToDictionary(v => v.Number);
        var files = await store.ReadAsync(Keys.File, ct);
        return
        [
            .. files.Documents.Select(d => AppliedFile.Read(d.Value.Span)).OrderByDescending(f => f.Number)
                .Select(f => new VersionView(f.Number, f.At, f.By, f.Why, changes.GetValueOrDefault(f.Number)?.Changes ?? [], f.Number == versions.Newest)),
        ];
    }

    private void CheckVersion(int? expected)
    {
        if (expected is { } number && number != versions.Newest)
        {
            throw Problems.Conflict("changed-meanwhile", $"Version {versions.Newest} is applied by now, not version {number}.",
                "Plan again to see what applying would do now.", "expectedVersion");
        }
    }

    private static Cluster Read(FileRequest request)
    {
        if (request.Set.Values.Any(value => value is null)) throw Problems.Invalid("set", "A value is null.", "Give a text, or leave it out.");
        var reading = ClusterFile.Read(request.Text, request.FileName, request.Set);
        return reading.File?.Cluster ?? throw Problems.FileInvalid(request.FileName, [.. reading.Lines]);
    }

    /// <summary>An object that was renamed since is told so, or it would look like one removed and one new.</summary>
    private static Cluster WithFormerNames(Cluster declared, Cluster now)
    {
        return declared with
        {
            Zones = [.. declared.Zones.Select(z => z with { RenamedFrom = Now(now.Zones, z) })],
            Roles = [.. declared.Roles.Select(r => r with { RenamedFrom = Now(now.Roles, r) })],
            Servers = [.. declared.Servers.Select(s => s with { RenamedFrom = Now(now.Servers, s) })],
            Services = [.. declared.Services.Select(s => s with { RenamedFrom = Now(now.Services, s) })],
            LoadBalancers = [.. declared.LoadBalancers.Select(b => b with { RenamedFrom = Now(now.LoadBalancers, b) })],
            Routes = [.. declared.Routes.Select(r => r with { RenamedFrom = Now(now.Routes, r) })],
            Certificates = [.. declared.Certificates.Select(c => c with { RenamedFrom = Now(now.Certificates, c) })],
            Endpoints = [.. declared.Endpoints.Select(e => e with { RenamedFrom = Now(now.Endpoints, e) })],
            Secrets = [.. declared.Secrets.Select(s => s with { RenamedFrom = Now(now.Secrets, s) })],
        };

        static string? Now<T>(ImmutableArray<T> all, T then) where T : INamed =>
            all.Where(o => o.Id == then.Id && o.Name != then.Name).Select(o => o.Name).FirstOrDefault();
    }
}
