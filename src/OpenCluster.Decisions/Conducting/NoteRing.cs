namespace OpenCluster.Decisions.Conducting;

/// <summary>The last 1,000 notes; older ones are in the log.</summary>
internal sealed class NoteRing
{
    public const int Most = 1000;

    private readonly Queue<Note> notes = new();

    public IReadOnlyCollection<Note> All => notes;

    public void Add(Note note)
    {
        if (notes.Count == Most)
            notes.Dequeue();
        notes.Enqueue(note);
    }
}
