using System.Collections.Immutable;
using System.Security.Cryptography;
using OpenCluster.Api;
using OpenCluster.Api.Client;
using OpenCluster.Api.Requests;
using OpenCluster.Decisions;
using OpenCluster.Decisions.Trust;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Agent.Trust;

/// <summary>
/// Who this agent is to the controller: joins once by the line it was given, then keeps its certificate and those of its load-balancers
/// fresh. When to renew is decided by <see cref="CertificateLife"/>; nothing that runs ever waits for it.
/// </summary>
internal sealed class AgentIdentity(AgentOptions options, AgentDirectory directory, AgentLog log, TimeProvider time)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MostWait = TimeSpan.FromSeconds(2);

    /// <summary>A line that was refused is tried again so often: it may be replaced by a good one any time.</summary>
    private static readonly TimeSpan RefusedWait = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly SteadyClock _clock = new(time);
    private readonly CertificateCare _own = new(new CredentialFiles(directory.Identity), null);
    private ImmutableArray<string> _balancers = [];
    private int _next;

    public MachineMark Machine { get; } = MachineIdentity.Read(directory.Root);

    /// <summary>For the next connection to a controller.</summary>
    public Credentials Credentials() => _own.Files.Read();

    /// <summary>Completes when there is something to show to a controller.</summary>
    public Task JoinedAsync(CancellationToken ct) => _joined.Task.WaitAsync(ct);

    /// <summary>Load-balancers that need certificates of their own.</summary>
    public void Serve(IEnumerable<string> balancers)
    {
        ImmutableArray<string> wanted = [.. balancers];
        if (wanted.SequenceEqual(_balancers)) return;
        ImmutableInterlocked.InterlockedExchange(ref _balancers, wanted);
        Wake();
    }

    /// <summary>The controller is there and finds our certificate too old: no reason to wait any longer.</summary>
    public void RenewNow()
    {
        _own.State = _own.State is { } state ? state with { TryAt = DateTimeOffset.MinValue } : null;
        Wake();
    }

    public async Task RunAsync(CancellationToken ct)
    {
        await JoinAsync(ct);
        _own.State ??= _own.Take() is { } first ? CertificateState.Of(first.From, first.Until) : null;
        _joined.TrySetResult();
        var cares = new Dictionary<string, CertificateCare>(StringComparer.Ordinal);
        while (true)
        {
            foreach (var gone in cares.Keys.Except(_balancers).ToList()) cares.Remove(gone);
            foreach (var balancer in _balancers) cares.TryAdd(balancer, new CertificateCare(new CredentialFiles(directory.InstanceIdentity(balancer)), balancer));
            foreach (var care in cares.Values.Prepend(_own)) await LookAsync(care, ct);
            var missing = cares.Values.Any(c => c.State is null);
            await _wake.WaitAsync(missing ? MostWait : CertificateLife.LookEvery, ct);
        }
    }

    private async Task JoinAsync(CancellationToken ct)
    {
        var (wait, told) = (FirstWait, "");
        while (options.JoinFile is { } file && File.Exists(file))
        {
            try
            {
                var server = await Joining.JoinAsync(JoinLine.Parse(await File.ReadAllTextAsync(file, ct)), _own.Files, Machine, time, ct);
                // It is used up; what is left of it opens nothing.
                File.Delete(file);
                log.Info($"joined the cluster as server {server}");
                return;
            }
            catch (UnreachableException away)
            {
                Tell(away.Message);
                await Task.Delay(wait * (0.5 + (Random.Shared.NextDouble() / 2)), time, ct);
                wait = wait * 2 < MostWait ? wait * 2 : MostWait;
            }
            catch (Exception refused) when (refused is ProblemException or FormatException)
            {
                Tell($"joining by {file} failed: {refused.Message}");
                if (_own.Files.Exist) return;
                await Task.Delay(RefusedWait, time, ct);
            }
        }

        while (!_own.Files.Exist)
        {
            Tell($"this server has not joined a cluster: there is no certificate in {directory.Identity} and no join line in {options.JoinFile}");
            await Task.Delay(RefusedWait, time, ct);
        }

        void Tell(string text)
        {
            if (text != told) log.Warn(text);
            told = text;
        }
    }

    private async Task LookAsync(CertificateCare care, CancellationToken ct)
    {
        if (care.State is null)
        {
            if (await AskAsync(care, ct) is CertificateEvent.NotRenewed(var why)) log.Warn($"no certificate yet for {care.Whose}: {why}");
            return;
        }

        await HandleAsync(care, new CertificateEvent.Looked(time.GetUtcNow()), ct);
    }

    private async Task HandleAsync(CertificateCare care, CertificateEvent happened, CancellationToken ct)
    {
        var decision = CertificateLife.Handle(care.State!, happened, _clock.Now);
        care.State = decision.State;
        foreach (var effect in decision.Effects)
        {
            switch (effect)
            {
                case CertificateEffect.Renew:
                    await HandleAsync(care, await AskAsync(care, ct), ct);
                    break;
                case CertificateEffect.Warn warn:
                    log.Warn($"{care.Whose}: {warn.Text}");
                    break;
                case CertificateEffect.Well:
                    log.Info($"the certificate of {care.Whose} is well again");
                    break;
            }
        }
    }

    private async Task<CertificateEvent> AskAsync(CertificateCare care, CancellationToken ct)
    {
        try
        {
            using var key = care.Files.TakeKey();
            using var api = new ApiClient(options.Controllers[_next % options.Controllers.Length], null, time, Credentials, Machine);
            var fresh = await api.CertificateAsync(new CertifyRequest { SigningRequest = key.SigningRequest(), Balancer = care.Balancer }, ct);
            care.Files.Write(fresh.Chain, fresh.Roots);
            return care.Take();
        }
        catch (Exception failed) when (failed is UnreachableException or ProblemException or IOException or UnauthorizedAccessException or CryptographicException)
        {
            // With several controllers the next one may know better.
            _next++;
            return new CertificateEvent.NotRenewed(failed.Message);
        }
    }

    private void Wake()
    {
        try { _wake.Release(); }
        catch (SemaphoreFullException) { return; } // one that is waiting says it all
    }
}
