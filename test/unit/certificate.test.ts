import { createPrivateKey, X509Certificate } from 'node:crypto';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { createCertificate } from '../../src/engine/carrier/certificate.ts';

test('is a certificate that signs itself, of now, with its own key', () => {
  // Serial numbers and signatures vary in length.
  for (let count = 0; count < 50; count++) {
    const { pem, key } = createCertificate();
    const certificate = new X509Certificate(pem);
    const privateKey = createPrivateKey(Buffer.from(key.reveal()).toString());
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(privateKey)).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect([certificate.subject, certificate.issuer]).toEqual(['CN=WebRTC', 'CN=WebRTC']);
    expect(certificate.serialNumber).toMatch(/^[4-7][0-9A-F]{15}$/);
    expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now());
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now() + 86_400_000);
  }
});

test('is another one each time, and does not show its key', () => {
  const [one, other] = [createCertificate(), createCertificate()];
  expect(one.pem).not.toBe(other.pem);
  expect(inspect(one) + JSON.stringify(one)).not.toContain('PRIVATE KEY');
});
