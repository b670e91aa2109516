"""Makes the golden vectors of PrefixKeysTest with nothing but hashlib and struct.

Run: python3 prefix_key_vectors.py. It shares no code with the Java side, so agreement of the two
shows that the encoding is what the Javadoc says, byte for byte.
"""
import hashlib
import hmac
import struct


def digest(name):
    return hashlib.sha256(name.encode()).digest()


def tenant_mac(secret, tenant):
    return hmac.new(secret.encode(), ("tenant|" + tenant).encode(), hashlib.sha256).digest()


def seed(model, tokenizer, rope_base, rope_scale, context, bits, kv, block, adapter, scale, tenant):
    encoded = struct.pack("<i", 1) + model + tokenizer
    encoded += struct.pack("<dd", rope_base, rope_scale)
    encoded += struct.pack("<ii", context, bits)
    encoded += struct.pack("<i", len(kv)) + kv.encode()
    encoded += struct.pack("<i", block)
    encoded += (adapter or bytes(32)) + struct.pack("<f", scale) + tenant
    return hashlib.sha256(encoded).digest()


def keys(seed_bytes, tokens, block):
    previous, out = seed_bytes, []
    for i in range(0, len(tokens) - block + 1, block):
        previous = hashlib.sha256(
            previous + struct.pack("<%di" % block, *tokens[i:i + block])).digest()
        out.append(previous.hex())
    return out


SECRET = "0123456789abcdef"
A = seed(digest("model"), digest("tokenizer"), 100000.0, 1.0, 8192, 8, "f16", 4, None, 0.0,
         tenant_mac(SECRET, "acme"))
B = seed(digest("model"), digest("tokenizer"), 500000.0, 0.125, 131072, 16, "q8_0", 32,
         digest("adapter"), 0.75, tenant_mac(SECRET, "beta"))

print("tenantMac acme", tenant_mac(SECRET, "acme").hex())
print("tenantMac beta", tenant_mac(SECRET, "beta").hex())
print("A", keys(A, [1, 2, 3, 4, 0, -1, 2147483647, -2147483648, 49151, 7, 8], 4))
print("B", keys(B, list(range(100)), 32))
