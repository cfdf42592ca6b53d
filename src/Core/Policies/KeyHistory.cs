using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace ZarrCache;

/// <summary>
/// A number for each of the last keys that were not cached any more, or not yet: what a policy remembers of them. Keys
/// are told apart by 64 bits of hash: of 65,536 keys two are alike once in billions of histories, which costs a wrong guess.
/// When it is full the one that was not looked at for longest goes, by CLOCK. O(1); about 2.5 MiB when full. Not thread-safe.
/// </summary>
internal sealed class KeyHistory
{
    /// <summary>How many keys are remembered.</summary>
    public const int Capacity = 1 << 16;

    private const int SavedEntrySize = 16;

    private readonly Dictionary<ulong, int> _slots = [];
    private readonly List<(ulong Key, long Value)> _entries = [];
    private readonly List<bool> _recent = [];
    private int _hand;

    /// <summary>The bytes that <see cref="Save"/> writes.</summary>
    public int SavedSize => _entries.Count * SavedEntrySize;

    /// <summary>The hash by which a key is known: the same in every process.</summary>
    public static ulong HashOf(EntryKey key)
    {
        ulong store = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(key.StoreId.AsSpan()), key.Offset);
        return XxHash3.HashToUInt64(MemoryMarshal.AsBytes(key.Key.AsSpan()), unchecked((long)store));
    }

    /// <summary>What is remembered of a key; 0 if nothing is.</summary>
    public long Find(ulong key) => _slots.TryGetValue(key, out int slot) ? _entries[slot].Value : 0;

    /// <summary>Remembers a number for a key, and forgets another key's if there is no room.</summary>
    public void Remember(ulong key, long value)
    {
        if (_slots.TryGetValue(key, out int slot))
        {
            _entries[slot] = (key, value);
            _recent[slot] = true;
        }
        else if (_entries.Count < Capacity)
        {
            Add(key, value);
        }
        else
        {
            for (; _recent[_hand]; _hand = (_hand + 1) % Capacity)
            {
                _recent[_hand] = false;
            }

            _slots.Remove(_entries[_hand].Key);
            _slots.Add(key, _hand);
            _entries[_hand] = (key, value);
            _hand = (_hand + 1) % Capacity;
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _slots.Clear();
        _entries.Clear();
        _recent.Clear();
        _hand = 0;
    }

    /// <summary>Writes all of it, the next to be forgotten first, 16 bytes each: the key's hash, then the number with the recent bit lowest.</summary>
    public void Save(Span<byte> destination)
    {
        for (int i = 0; i < _entries.Count; i++, destination = destination[SavedEntrySize..])
        {
            int slot = (_hand + i) % _entries.Count;
            BinaryPrimitives.WriteUInt64LittleEndian(destination, _entries[slot].Key);
            BinaryPrimitives.WriteInt64LittleEndian(destination[8..], (_entries[slot].Value << 1) | (_recent[slot] ? 1L : 0));
        }
    }

    /// <summary>Takes over what <see cref="Save"/> wrote; remembers nothing if that is not what it is.</summary>
    public bool TryLoad(ReadOnlySpan<byte> saved)
    {
        Clear();
        if (saved.Length % SavedEntrySize != 0 || saved.Length / SavedEntrySize > Capacity)
        {
            return false;
        }

        for (; !saved.IsEmpty; saved = saved[SavedEntrySize..])
        {
            long value = BinaryPrimitives.ReadInt64LittleEndian(saved[8..]);
            if (value < 0 || _slots.ContainsKey(BinaryPrimitives.ReadUInt64LittleEndian(saved)))
            {
                Clear();
                return false;
            }

            Add(BinaryPrimitives.ReadUInt64LittleEndian(saved), value >> 1);
            _recent[^1] = (value & 1) != 0;
        }

        return true;
    }

    private void Add(ulong key, long value)
    {
        _slots.Add(key, _entries.Count);
        _entries.Add((key, value));
        _recent.Add(false);
    }
}
