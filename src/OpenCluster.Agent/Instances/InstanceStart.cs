using System.Collections.Immutable;
using System.Security.Cryptography;
using OpenCluster.Agent.Processes;
using OpenCluster.Agent.Users;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;
using OpenCluster.Trust.Files;

namespace OpenCluster.Agent.Instances;

/// <summary>From an order to something that can be started: user, directories, token, environment, command.</summary>
internal sealed class InstanceStart(AgentOptions options, AgentDirectory directory, UserIds users, Limits.CgroupV2? cgroup)
{
    /// <exception cref="AgentException">It cannot be started as ordered; the message says why.</exception>
    public Launch Prepare(InstanceOrder order, ImmutableSortedDictionary<string, int> ports)
    {
        var id = order.Id;
        var builtIn = order.Spec.Kind is RunKind.LoadBalancer or RunKind.Controller;
        // The built-in parts are the agent's own kin: they bind low ports and read its token.
        var user = builtIn ? null : users.For(order.ServiceId, order.Spec.User);
        var home = directory.Home(id);
        AgentDirectory.Make(directory.Instance(id));
        Directory.CreateDirectory(home, AgentDirectory.Private);
        UserIds.Settle(home, user);
        WriteToken(directory.Token(id), order.Token, user);

        var environment = InstanceEnvironment.For(order, ports, options, home, directory.Token(id), directory.Socket);
        if (order.Spec.Kind is RunKind.Web or RunKind.LoadBalancer or RunKind.Controller) AddRuntime(environment, order.Spec.Kind);
        return new Launch
        {
            Command = CommandLine.For(order, options, home, directory.InstanceIdentity(id)),
            Environment = environment,
            Directory = WorkingDirectory(order, home, user),
            Log = directory.Log(id),
            User = user,
            CgroupProcs = cgroup?.Prepare(id, order.Spec.Takes),
        };
    }

    /// <summary>The release, or for a bare command the instance's home.</summary>
    private string WorkingDirectory(InstanceOrder order, string home, RunAs? user)
    {
        var work = order.Release is { Digest: not null } release ? Path.Combine(directory.Releases, AgentDirectory.Name(release.Id)) : home;
        Releases.PersistentDirectories.Link(work, Path.Combine(directory.Data, AgentDirectory.Name(order.ServiceId)), order.Spec.Persistent, user);
        return work;
    }

    // The app's identity: the one that load-balancers know it by, or for a service without such a one random, made once per instance.
    private static void WriteToken(string path, string? token, RunAs? user)
    {
        if (token is not null)
            PrivateFile.Write(path, System.Text.Encoding.ASCII.GetBytes(token));
        else if (!File.Exists(path))
            PrivateFile.Write(path, System.Text.Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))));
        UserIds.Own(path, user);
    }

    private static void AddRuntime(Dictionary<string, string> environment, RunKind kind)
    {
        foreach (var (name, value) in RuntimeNeeds.Of(kind)) environment[name] = value;
        // Only an opencluster that is not one self-contained file (a developer's build) needs to be told where .NET is.
        if (System.Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root) environment["DOTNET_ROOT"] = root;
    }
}
