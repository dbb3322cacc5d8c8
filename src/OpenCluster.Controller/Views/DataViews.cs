using System.Collections.Immutable;
using OpenCluster.Api.Views;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Decisions.Sets;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;

namespace OpenCluster.Controller.Views;

/// <summary>Spaces as people see them.</summary>
internal static class DataViews
{
    public static ImmutableArray<SpaceView> Of(ClusterView view) => [.. view.Spaces.Select(s => Space(view, s))];

    private static SpaceView Space(ClusterView view, SpaceSight sight)
    {
        var (space, state) = (sight.Space, sight.State);
        var serving = state?.Set is { Phase: SetPhase.Serving, Primary: { } now } ? Server(view, now) : null;
        return new SpaceView
        {
            Name = space.Name,
            Engine = space.Engine.ToString().ToLowerInvariant(),
            Phase = (state?.Set.Phase ?? SetPhase.Forming).ToString().ToLowerInvariant(),
            Why = state?.Set.Why ?? "too few servers can hold a copy",
            Since = state?.Set.Since ?? default,
            Epoch = state?.Set.Epoch ?? 0,
            Primary = serving?.Server.Name,
            Writes = serving is null ? null : At(serving.Address, space.Port),
            Replicas = space.Replicas,
            Copies = state is null ? [] : [.. state.Set.Members.Select(m => Copy(view, space, state, m))],
            Voters = state is null ? [] : [.. state.Set.Electorate.Voters.Select(v => Server(view, v)?.Server.Name ?? v)],
            PausedBy = sight.Paused?.By,
        };
    }

    private static CopyView Copy(ClusterView view, DataSpace space, SetState state, string member)
    {
        var server = Server(view, member);
        var report = state.Of(member);
        var primary = state.Of(state.Set.Primary);
        // Only offsets of one history can be compared.
        var comparable = report is { HasData: true, Role: MemberRole.Follows } && primary is { Role: MemberRole.Primary, Offset: < long.MaxValue } && report.Lineage == primary.Lineage;
        return new CopyView
        {
            Server = server?.Server.Name ?? member,
            Location = server?.Server.Location ?? "",
            Address = At(server?.Address ?? "", space.Port),
            Role = server?.Health.State == Decisions.Servers.ServerState.Down ? "down" : report?.Role.ToString().ToLowerInvariant() ?? "unknown",
            LagBytes = comparable ? Math.Max(0, primary!.Offset - report!.Offset) : null,
            LagSeconds = report is { Role: MemberRole.Follows } ? (long)report.Silence.TotalSeconds : null,
            Trouble = report?.Trouble,
        };
    }

    private static ServerSight? Server(ClusterView view, string id) => view.Servers.FirstOrDefault(s => s.Server.Id == id);

    private static string At(string address, int port) => address.Contains(':') ? $"[{address}]:{port}" : $"{address}:{port}";
}
