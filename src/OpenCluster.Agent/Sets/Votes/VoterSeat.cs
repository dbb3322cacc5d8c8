using System.Collections.Immutable;
using System.Text.Json;
using OpenCluster.Decisions;
using OpenCluster.Decisions.Sets;
using OpenCluster.Model.Running;
using OpenCluster.Trust.Files;

namespace OpenCluster.Agent.Sets.Votes;

/// <summary>
/// The shell around <see cref="Voting"/>: this server's vote on one set. Its promise is on disk before anybody hears of it. Asked from several
/// sides (other agents, the controller, the copy beside it), and never made to wait for the data server.
/// </summary>
internal sealed class VoterSeat
{
    private readonly string _file;
    private readonly SteadyClock _clock;
    private readonly Lock _voting = new();
    private Voter _voter;

    /// <exception cref="JsonException">What it promised cannot be read; to vote without knowing would be worse than not to.</exception>
    public VoterSeat(string directory, SteadyClock clock)
    {
        _file = Path.Combine(directory, "voter.json");
        _clock = clock;
        var kept = File.Exists(_file) ? JsonSerializer.Deserialize(File.ReadAllBytes(_file), AgentJson.Default.Voter) : null;
        _voter = Voter.Start(kept, SetTimes.Rules, clock.Now);
    }

    public VoterWord Word
    {
        get
        {
            lock (_voting) return new VoterWord(_voter.Promised, _clock.Now - _voter.HeardAt);
        }
    }

    public VoteAnswer Answer(VoteAsk ask)
    {
        var effects = Handle(ask.Returns
            ? new VoterEvent.LeaseReturned(ask.Epoch, ask.Holder)
            : new VoterEvent.LeaseAsked(ask.Epoch, ask.Holder, ask.Holder, _clock.Now));
        return effects is [VoterEffect.Refuse refusal] ? new VoteAnswer(false, refusal.Promised) : new VoteAnswer(effects is [VoterEffect.Grant], 0);
    }

    /// <summary>Null when the promise could not be kept on disk: then it was not given.</summary>
    public PromiseWord? Promise(long epoch) => Handle(new VoterEvent.PromiseAsked(epoch)) switch
    {
        [VoterEffect.Promise given] => new PromiseWord(given.Epoch, given.LeaseLeft),
        [VoterEffect.RefusePromise refused] => new PromiseWord(refused.Epoch, TimeSpan.Zero, refused.Promised),
        _ => null,
    };

    public void HearPrimary(long epoch) => Handle(new VoterEvent.PrimaryHeard(epoch));

    private ImmutableArray<VoterEffect> Handle(VoterEvent what)
    {
        lock (_voting)
        {
            var decision = Voting.Handle(_voter, what, SetTimes.Rules, _clock.Now);
            if (decision.Persist is Persist.StateFirst && !TryWrite(decision.State)) return [];
            _voter = decision.State;
            return decision.Effects;
        }
    }

    private bool TryWrite(Voter voter)
    {
        try
        {
            PrivateFile.Write(_file, JsonSerializer.SerializeToUtf8Bytes(voter, AgentJson.Default.Voter));
            return true;
        }
        catch (Exception full) when (full is IOException or UnauthorizedAccessException)
        {
            // A vote that would be forgotten is not given; the asker asks again.
            return false;
        }
    }
}
