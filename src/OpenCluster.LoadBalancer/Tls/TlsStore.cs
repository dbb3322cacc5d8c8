using System.Collections.Immutable;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;
using OpenCluster.Trust.Tls;

namespace OpenCluster.LoadBalancer.Tls;

/// <summary>
/// All files of certificates and authorities that snapshots name, read once and again whenever they change, at most <see cref="Every"/> later.
/// A new file that cannot be used is told, and what was read before stays in use; connections that are open are never touched.
/// </summary>
internal sealed class TlsStore : IAsyncDisposable
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    /// <summary>A certificate that ends sooner is warned of. Renewing programs act 30 days before; this is when they have failed for a week.</summary>
    private static readonly TimeSpan EndsSoon = TimeSpan.FromDays(21);

    private readonly Lock _filesGate = new();
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;
    private readonly Dictionary<(string File, string Key), FileValue<LoadedCertificate>> _certificates = [];
    private readonly Dictionary<string, FileValue<Authorities>> _authorities = [];
    private ImmutableArray<Certificate> _plans = [];
    private CertificateTable _table = CertificateTable.Empty;
    private long _reloads;

    public TlsStore(TimeProvider time)
    {
        _time = time;
        _watching = Task.Run(WatchAsync);
    }

    public CertificateTable Table => Volatile.Read(ref _table);

    /// <summary>Times a changed file was put to use.</summary>
    public long Reloads => Interlocked.Read(ref _reloads);

    /// <summary>Reads what a snapshot names and was not read before. Blocks on the disk.</summary>
    /// <returns>What of it cannot be used at all, a sentence each. What was good once, and is not now, is a warning instead.</returns>
    public IReadOnlyList<string> Load(BalancerSnapshot snapshot)
    {
        var problems = new List<string>();
        lock (_filesGate)
        {
            foreach (var plan in snapshot.Certificates)
            {
                var file = CertificateOf(plan);
                file.Refresh();
                if (file.Current is null) problems.Add($"certificate {plan.Name}: {file.Problem}");
            }
            foreach (var (owner, path) in AuthoritiesOf(snapshot))
            {
                var file = AuthoritiesAt(path);
                file.Refresh();
                if (file.Current is null) problems.Add($"{owner}: {file.Problem}");
            }
        }
        return problems;
    }

    /// <summary>From the next handshake on these are the certificates. What no snapshot names any more is forgotten.</summary>
    public void Use(BalancerSnapshot snapshot)
    {
        lock (_filesGate)
        {
            _plans = snapshot.Certificates;
            var named = _plans.Select(p => (p.File, p.Key)).ToHashSet();
            foreach (var gone in _certificates.Keys.Where(k => !named.Contains(k)).ToList()) _certificates.Remove(gone);
            var paths = AuthoritiesOf(snapshot).Select(a => a.Path).ToHashSet(StringComparer.Ordinal);
            foreach (var gone in _authorities.Keys.Where(k => !paths.Contains(k)).ToList()) _authorities.Remove(gone);
            MakeTable();
        }
    }

    /// <summary>What is now known of a file of authorities; null when it could never be used.</summary>
    public FileValue<Authorities> AuthoritiesAt(string path)
    {
        lock (_filesGate)
        {
            if (!_authorities.TryGetValue(path, out var file)) _authorities.Add(path, file = new FileValue<Authorities>([path], () => Authorities.Read(path)));
            return file;
        }
    }

    /// <summary>Each certificate in use, with when it ends.</summary>
    public IReadOnlyList<(string Name, DateTimeOffset Ends, bool IsRefused)> Certificates()
    {
        lock (_filesGate)
        {
            return [.. from plan in _plans let file = CertificateOf(plan) let loaded = file.Current where loaded is not null select (plan.Name, loaded.Ends, file.Problem is not null)];
        }
    }

    /// <summary>What an owner should do something about, a sentence each.</summary>
    public ImmutableArray<string> Warnings()
    {
        lock (_filesGate)
        {
            return
            [
                .. _plans.SelectMany(Warnings),
                .. from file in _authorities.Values where file.Problem is not null select $"authorities: {file.Problem}{(file.Current is null ? "" : "; those read before stay in use")}",
            ];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private IEnumerable<string> Warnings(Certificate plan)
    {
        var file = CertificateOf(plan);
        if (file.Problem is { } problem) yield return $"certificate {plan.Name}: {problem}{(file.Current is null ? "" : "; the one read before stays in use")}";
        if (file.Current is not { } loaded) yield break;
        var left = loaded.Ends - _time.GetUtcNow();
        if (left <= TimeSpan.Zero) yield return $"certificate {plan.Name} ended on {LoadedCertificate.Day(loaded.Leaf.NotAfter)}: browsers refuse it; put a new one at {plan.File}";
        else if (left < EndsSoon) yield return $"certificate {plan.Name} ends in {Math.Max(1, (int)left.TotalDays)} days, on {LoadedCertificate.Day(loaded.Leaf.NotAfter)}; put a new one at {plan.File}";
    }

    private async Task WatchAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(Every, _time, _stop.Token).ConfigureAwait(false);
            lock (_filesGate)
            {
                var changed = 0;
                foreach (IFileValue file in _certificates.Values.Concat<IFileValue>(_authorities.Values))
                    if (file.Refresh()) changed++;
                Interlocked.Add(ref _reloads, changed);
                if (changed > 0) MakeTable();
            }
        }
    }

    private void MakeTable() => Volatile.Write(ref _table, new CertificateTable(
        from plan in _plans let loaded = CertificateOf(plan).Current where loaded is not null select (plan.Name, (IReadOnlyList<string>)plan.Hosts, loaded)));

    private FileValue<LoadedCertificate> CertificateOf(Certificate plan)
    {
        if (!_certificates.TryGetValue((plan.File, plan.Key), out var file))
            _certificates.Add((plan.File, plan.Key), file = new FileValue<LoadedCertificate>([plan.File, plan.Key], () => LoadedCertificate.Read(plan, _time)));
        return file;
    }

    /// <summary>The file of who may have signed the certificates of targets: the owner's, or the machine's.</summary>
    public static string AuthoritiesOf(TargetTls rule) => rule.Authorities ?? SystemRoots.File;

    private static IEnumerable<(string Owner, string Path)> AuthoritiesOf(BalancerSnapshot snapshot) =>
        snapshot.Listeners.Where(l => l.ClientAuthorities is not null).Select(l => ($"listener {l.Name}, client-authorities", l.ClientAuthorities!))
            .Concat(snapshot.Routes.Where(r => r.Rules.Tls is { Verify: true }).Select(r => ($"route {r.Name}, tls authorities", AuthoritiesOf(r.Rules.Tls!))));
}
