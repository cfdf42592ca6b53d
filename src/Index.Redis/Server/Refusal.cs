using System.Globalization;
using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>
/// What a script that did nothing says the caller should have known: another epoch (the server lost its data; empty if nobody has begun
/// anew), other pins, a later clock.
/// </summary>
internal readonly record struct Refusal(string Epoch, long Pins, long Clock, long Saves)
{
    public static bool TryRead(RedisResult answer, out Refusal refusal)
    {
        bool refused = answer.Length == 5 && (string?)answer[0] == "refused";
        refusal = refused ? new Refusal((string)answer[1]!, Number(answer[2]), Number(answer[3]), Number(answer[4])) : default;
        return refused;
    }

    public static long Number(RedisResult result) => long.Parse((string)result!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
