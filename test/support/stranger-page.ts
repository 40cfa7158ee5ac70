/** What a page of somebody else can try against a web UI, as JavaScript that runs in that page. */

/** A function of `{ ui, token }`, the origin of the web UI and what it should not even know; says what came of each try. */
export const ATTACK = `async ({ ui, token }) => {
  const outcome = {};
  const attempt = async (name, action) => {
    const late = new Promise((resolve) => setTimeout(() => resolve('nothing'), 3000));
    outcome[name] = String(await Promise.race([action(), late]).catch(() => 'refused'));
  };
  /** \`load\` or \`error\` of an element that fetches something. */
  const element = (tag, set) =>
    new Promise((resolve) => {
      const node = Object.assign(document.createElement(tag), set);
      node.addEventListener('load', () => resolve('loaded'));
      node.addEventListener('error', () => resolve('refused'));
      document.body.append(node);
    });
  const read = async (request) => {
    const response = await request;
    return response.type === 'opaque' ? 'opaque' : \`read \${await response.text()}\`;
  };
  const secret = { authorization: \`Bearer \${token}\`, 'content-type': 'application/json' };
  await attempt('fetch', () => read(fetch(\`\${ui}/\`)));
  await attempt('fetch with the token', () => read(fetch(\`\${ui}/\`, { headers: secret })));
  await attempt('fetch with cookies', () => read(fetch(\`\${ui}/\`, { credentials: 'include' })));
  await attempt('fetch no-cors', () => read(fetch(\`\${ui}/\`, { mode: 'no-cors' })));
  await attempt('POST', () =>
    read(fetch(\`\${ui}/calls\`, { method: 'POST', headers: secret, body: '{}' })),
  );
  await attempt('POST no-cors', () =>
    read(fetch(\`\${ui}/calls\`, { method: 'POST', mode: 'no-cors', body: '{}' })),
  );
  await attempt('beacon', async () => navigator.sendBeacon(\`\${ui}/calls\`, '{}'));
  await attempt('image', () => element('img', { src: \`\${ui}/icon.svg\` }));
  await attempt('script', () => element('script', { src: \`\${ui}/assets/index-abcdefgh.js\` }));
  await attempt('module', () => import(\`\${ui}/assets/index-abcdefgh.js\`).then(() => 'loaded'));
  await attempt('style', () => element('link', { rel: 'stylesheet', href: \`\${ui}/\` }));
  await attempt('object', () => element('object', { data: \`\${ui}/\` }));
  await attempt('worker', async () => {
    new Worker(\`\${ui}/assets/index-abcdefgh.js\`);
    return 'loaded';
  });
  await attempt('worker that imports', () => {
    const code = URL.createObjectURL(
      new Blob([
        \`try { importScripts('\${ui}/assets/index-abcdefgh.js'); postMessage('loaded') } catch { postMessage('refused') }\`,
      ]),
    );
    return new Promise((resolve) => {
      new Worker(code).addEventListener('message', ({ data }) => resolve(data));
    });
  });
  await attempt('service worker', () =>
    navigator.serviceWorker.register(\`\${ui}/assets/index-abcdefgh.js\`).then(() => 'loaded'),
  );
  await attempt('events', () => {
    const events = new EventSource(\`\${ui}/calls\`);
    return new Promise((resolve) => {
      events.addEventListener('open', () => resolve('open'));
      events.addEventListener('error', () => (events.close(), resolve('refused')));
    });
  });
  await attempt('WebSocket with the token', () => {
    const socket = new WebSocket(\`\${ui.replace('http', 'ws')}/calls\`);
    return new Promise((resolve) => {
      socket.addEventListener('open', () => {
        socket.send(JSON.stringify({ token }));
        resolve('open');
      });
      socket.addEventListener('error', () => resolve('refused'));
    });
  });
  await attempt('frame', async () => {
    const frame = document.createElement('iframe');
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
    frame.src = \`\${ui}/#token=\${token}\`;
    document.body.append(frame);
    await loaded;
    frame.contentWindow?.postMessage('hello', '*');
    // Of another origin: reading throws.
    return frame.contentDocument?.body.textContent ?? 'refused';
  });
  await attempt('form', async () => {
    const frame = Object.assign(document.createElement('iframe'), { name: 'target' });
    document.body.append(frame);
    const form = Object.assign(document.createElement('form'), {
      method: 'POST',
      action: \`\${ui}/calls\`,
      target: 'target',
      enctype: 'text/plain',
    });
    document.body.append(form);
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
    form.submit();
    await loaded;
    return 'refused';
  });
  return outcome;
}`;
