using System.Collections.Immutable;
using System.Security.Cryptography;
using OpenCluster.Agent.Processes;
using OpenCluster.Agent.Secrets;
using OpenCluster.Agent.Sets.Redis;
using OpenCluster.Agent.Users;
using OpenCluster.Model.Nouns;
using OpenCluster.Model.Running;
using OpenCluster.Trust.Files;

namespace OpenCluster.Agent.Instances;

/// <summary>From an order to something that can be started: user, directories, token, environment, command.</summary>
internal sealed class InstanceStart(AgentOptions options, AgentDirectory directory, UserIds users, SecretFiles secrets, Limits.CgroupV2? cgroup, Func<string?, SetSeat?> seats)
{
    /// <summary>Directory with a file for each secret, of the secret's name.</summary>
    public const string SecretsVariable = "OPENCLUSTER_SECRETS";

    /// <exception cref="AgentException">It cannot be started as ordered; the message says why.</exception>
    public Launch Prepare(InstanceOrder order, ImmutableSortedDictionary<string, int> ports)
    {
        var id = order.Id;
        var user = UserOf(order);
        var home = directory.Home(id);
        AgentDirectory.Make(directory.Instance(id));
        Directory.CreateDirectory(home, AgentDirectory.Private);
        UserIds.Settle(home, user);
        WriteToken(directory.Token(id), order.Token, user);

        var environment = InstanceEnvironment.For(order, ports, options, home, directory.Token(id), directory.Socket);
        if (!order.Secrets.IsEmpty) environment[SecretsVariable] = secrets.Provide(id, order.Secrets, user).Directory;
        if (order.Spec.Kind is RunKind.Web or RunKind.LoadBalancer or RunKind.Controller) AddRuntime(environment, order.Spec.Kind);
        return new Launch
        {
            Command = order.Spec.Kind is RunKind.Redis ? Copy(order, home, user) : CommandLine.For(order, options, home, directory.InstanceIdentity(id)),
            Environment = environment,
            Directory = WorkingDirectory(order, home, user),
            Log = directory.Log(id),
            User = user,
            NoCore = !order.Secrets.IsEmpty,
            CgroupProcs = cgroup?.Prepare(id, order.Spec.Takes),
        };
    }

    /// <summary>Has the files of its secrets as the order says now, while it runs.</summary>
    /// <returns>True when the instance knew another value.</returns>
    /// <exception cref="AgentException">A value is not here.</exception>
    public bool RenewSecrets(InstanceOrder order) => secrets.Provide(order.Id, order.Secrets, UserOf(order)).Changed;

    // The built-in parts are the agent's own kin: they bind low ports and read its token.
    private RunAs? UserOf(InstanceOrder order) => order.Spec.Kind is RunKind.LoadBalancer or RunKind.Controller ? null : users.For(order.ServiceId, order.Spec.User);

    /// <summary>Its data belongs to the space and not to this instance of it: a copy that is made anew begins with what it had.</summary>
    private ImmutableArray<string> Copy(InstanceOrder order, string home, RunAs? user) => seats(order.SetId) is { Passwords: { } passwords } seat
        ? RedisBootstrap.Prepare(seat, passwords, order.Address, home, Path.Combine(directory.Data, AgentDirectory.Name(order.ServiceId)), user)
        : throw new AgentException("no-seat", $"nothing is known of the set that {order.Id} is a copy of; the controller says it with the next assignment");

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
