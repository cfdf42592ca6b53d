using System.Threading.RateLimiting;

namespace ZarrCache;

/// <summary>An item on its way into the chunk storage: a hit for readers, work for a writer.</summary>
internal sealed class PendingWrite(IndexEntry entry, SharedBuffer? bytes, RateLimitLease room)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What will be pushed; its allocated size is the writer's to add.</summary>
    public IndexEntry Entry { get; } = entry;

    /// <summary>The bytes, of which the queue is a holder; null for an absence.</summary>
    public SharedBuffer? Bytes { get; } = bytes;

    /// <summary>The room made for the item, bytes; counted against the budget until its row is.</summary>
    public long Reserved { get; set; }

    /// <summary>Whether the item has its row; set before <see cref="Done"/> completes.</summary>
    public bool Written { get; set; }

    /// <summary>Completes when the item is written, or given up, or was withdrawn before it was begun.</summary>
    public Task Done => _done.Task;

    /// <summary>Gives back the bytes and the room in the queue. Called once, by the queue.</summary>
    public void Complete()
    {
        Bytes?.Dispose();
        room.Dispose();
        _done.SetResult();
    }
}
