//! What was met lately, so that it is not folded and looked for again.

use httpwhy_model::template::fold;

use crate::agent;
use crate::errors::without_port;
use crate::hash::Seed;
use crate::tables::names::{Handle, Id};
use crate::tables::{Dimension, Tables};

/// Slots of the small tables of what was met lately.
const LATELY: usize = 4096;
/// The same for methods, of which there are few.
const METHODS: usize = 16;

/// What was met lately, by hash, so that the same path or agent is not folded again.
pub(crate) struct Lookup {
    paths: Lately<Handle>,
    agents: Lately<(Handle, bool)>,
    clients: Lately<Handle>,
    bots: Lately<bool>,
    template: Vec<u8>,
    methods: Lately<Handle>,
}

/// A small table of two places to each hash; the one met first gives way. It takes no memory before it is used.
struct Lately<T> {
    slots: Vec<(u64, T)>,
    /// How many slots there will be, a power of two.
    size: usize,
}

impl<T: Copy + Default> Lately<T> {
    const fn new(size: usize) -> Self {
        Self {
            slots: Vec::new(),
            size,
        }
    }

    /// Where the two places of a hash begin.
    #[inline]
    const fn at(&self, hash: u64) -> usize {
        hash as usize & (self.size - 1) & !1
    }

    #[inline]
    fn get(&self, hash: u64) -> Option<T> {
        let pair: &[_; 2] = self.slots.get(self.at(hash)..)?.first_chunk()?;
        // Which of the two it is cannot be foreseen, and so is no branch.
        let (known, value) = pair[usize::from(pair[1].0 == hash)];
        (known == hash).then_some(value)
    }

    fn set(&mut self, hash: u64, value: T) {
        self.slots.resize(self.size, (0, T::default()));
        let at = self.at(hash);
        if self.slots[at].0 != hash {
            self.slots[at + 1] = self.slots[at];
        }
        self.slots[at] = (hash, value);
    }
}

impl Lookup {
    pub(crate) fn new() -> Self {
        Self {
            paths: Lately::new(LATELY),
            agents: Lately::new(LATELY),
            clients: Lately::new(LATELY),
            bots: Lately::new(LATELY),
            template: Vec::new(),
            methods: Lately::new(METHODS),
        }
    }

    #[inline]
    pub(crate) fn path(&mut self, tables: &mut Tables, seed: Seed, path: &[u8]) -> Id {
        let hash = seed.of(path);
        let names = &mut tables.names[Dimension::Path as usize];
        if let Some(handle) = self.paths.get(hash)
            && names.again(handle)
        {
            return handle.id;
        }
        self.template.clear();
        fold(path, &mut self.template);
        let handle = names.handle(&self.template, 1);
        self.paths.set(hash, handle);
        handle.id
    }

    #[inline]
    pub(crate) fn agent(&mut self, tables: &mut Tables, seed: Seed, agent: &[u8]) -> (Id, bool) {
        let hash = seed.of(agent);
        let names = &mut tables.names[Dimension::Agent as usize];
        if let Some((handle, bot)) = self.agents.get(hash)
            && names.again(handle)
        {
            return (handle.id, bot);
        }
        let (family, bot) = agent::family(agent);
        let handle = names.handle(&family, 1);
        self.agents.set(hash, (handle, bot));
        (handle.id, bot)
    }

    /// Whether the agent claims to be a bot.
    pub(crate) fn is_bot(&mut self, seed: Seed, agent: &[u8]) -> bool {
        let hash = seed.of(agent);
        if let Some(bot) = self.bots.get(hash) {
            return bot;
        }
        let bot = agent::is_bot(agent);
        self.bots.set(hash, bot);
        bot
    }

    /// The client's network.
    #[inline]
    pub(crate) fn network(&mut self, tables: &mut Tables, seed: Seed, client: &[u8]) -> Id {
        let hash = seed.of(client);
        let names = &mut tables.names[Dimension::Network as usize];
        if let Some(handle) = self.clients.get(hash)
            && names.again(handle)
        {
            return handle.id;
        }
        let client = without_port(client);
        tables.distinct.add(client);
        self.template.clear();
        crate::network::write(client, &mut self.template);
        let handle = names.handle(&self.template, 1);
        self.clients.set(hash, handle);
        handle.id
    }

    #[inline]
    pub(crate) fn method(&mut self, tables: &mut Tables, seed: Seed, method: &[u8]) -> Id {
        let names = &mut tables.names[Dimension::Method as usize];
        let hash = seed.of(method);
        if let Some(handle) = self.methods.get(hash)
            && names.again(handle)
        {
            return handle.id;
        }
        let handle = names.handle(method, 1);
        self.methods.set(hash, handle);
        handle.id
    }
}
