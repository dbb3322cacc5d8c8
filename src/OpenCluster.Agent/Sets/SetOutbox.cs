using System.Collections.Immutable;
using OpenCluster.Agent.Connection;
using OpenCluster.Api;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Sets;

/// <summary>
/// Words for the controller. Of each set the newest report and the newest vote wait, and promises, of which the last 64 do; what cannot be
/// delivered is dropped, because all of it is said again.
/// </summary>
internal sealed class SetOutbox(string serverId, IController controller, TimeProvider time)
{
    private const int MostPromises = 64;
    private static readonly TimeSpan CallTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gathering = new();
    private readonly SemaphoreSlim _some = new(0, 1);
    private readonly Dictionary<string, MemberReport> _reports = new(StringComparer.Ordinal);
    private readonly Dictionary<string, VoterWord> _votes = new(StringComparer.Ordinal);
    private readonly Queue<SetWord> _promises = new();

    public void Say(SetWord word)
    {
        lock (_gathering)
        {
            if (word.Report is { } report && !(report.Answers == 0 && _reports.TryGetValue(word.SetId, out var waiting) && waiting.Answers > 0 && waiting.Epoch == report.Epoch && waiting.Role == report.Role))
                _reports[word.SetId] = report;
            if (word.Vote is { } vote) _votes[word.SetId] = vote;
            if (word.Promise is not null)
            {
                if (_promises.Count == MostPromises) _promises.Dequeue();
                _promises.Enqueue(word with { Report = null, Vote = null });
            }
        }

        try { _some.Release(); }
        catch (SemaphoreFullException) { return; } // one that is waiting says it all
    }

    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            await _some.WaitAsync(ct);
            if (!await TrySendAsync(Take(), ct)) await Task.Delay(AfterFailure, time, ct);
        }
    }

    private SetWords Take()
    {
        lock (_gathering)
        {
            ImmutableArray<SetWord> words =
            [
                .. _promises,
                .. _votes.Keys.Union(_reports.Keys).Select(set => new SetWord { SetId = set, Vote = _votes.GetValueOrDefault(set), Report = _reports.GetValueOrDefault(set) }),
            ];
            _promises.Clear();
            _votes.Clear();
            _reports.Clear();
            return new SetWords { Words = words };
        }
    }

    private async Task<bool> TrySendAsync(SetWords words, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await using var timer = time.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), limit, CallTime, Timeout.InfiniteTimeSpan);
        try
        {
            await controller.SaySetsAsync(serverId, words, limit.Token);
            return true;
        }
        catch (Exception away) when (away is UnreachableException or ProblemException || (away is OperationCanceledException && !ct.IsCancellationRequested))
        {
            // The reporter says that the controller is away; here it would be said thrice a second.
            return false;
        }
    }
}
